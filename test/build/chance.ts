import fc from 'fast-check';

/** Properties draw the same examples in every run, so that a test which turns red means a changed program. New ones are sought by `npm run soak`. */
fc.configureGlobal({ seed: Number(process.env['WATCHPCAP_SEED'] ?? 1) });
