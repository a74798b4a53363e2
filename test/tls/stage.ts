import type { TlsAlert, TlsFacts } from '../../src/tls/index.ts';
import { KeyLog, TlsPass } from '../../src/tls/index.ts';
import type { Flight } from '../build/tls.ts';

/** The tls stage over connection 0, with what came out of it. */
export class Stage {
  readonly said: [string, string] = ['', ''];
  readonly gaps: number[] = [];
  readonly alerts: (readonly [0 | 1, TlsAlert | null])[] = [];
  isDecrypted = false;
  facts: TlsFacts | null = null;
  readonly pass: TlsPass;

  constructor(keys: string) {
    const keyLog = new KeyLog();
    keyLog.add(keys);
    this.pass = new TlsPass(keyLog, {
      bytes: (_connection, side, view, at, end) => {
        for (let next = at; next < end; next++) this.said[side] += String.fromCharCode(view.getUint8(next));
      },
      gap: (_connection, side) => this.gaps.push(side),
      alert: (_connection, side, alert) => this.alerts.push([side, alert]),
      decrypted: () => (this.isDecrypted = true),
      facts: (_connection, facts) => (this.facts = facts),
    });
    this.pass.opened(0);
  }

  send(side: 0 | 1, bytes: Uint8Array): this {
    this.pass.bytes(0, side, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
    return this;
  }

  sendCut(sent: readonly Flight[], segmentBytes: number): this {
    for (const { side, bytes } of sent) {
      for (let at = 0; at < bytes.length; at += segmentBytes) this.send(side, bytes.slice(at, at + segmentBytes));
    }
    return this;
  }
}
