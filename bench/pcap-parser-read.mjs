// Reads a capture with the npm package `pcap-parser` and does nothing but count: the baseline for reading in Node.
import pcap from 'pcap-parser';

let packets = 0;
pcap
  .parse(process.argv[2])
  .on('packet', () => {
    packets += 1;
  })
  .on('error', (error) => {
    throw error;
  })
  .on('end', () => {
    process.stdout.write(`${packets}\n`);
  });
