import { type Compared, EXCUSED_MAX_SHARE, OWN_CAPTURES, RULES } from './differences.ts';
import { LABEL_NAMES, readLabelled } from './labelled.ts';
import type { Labels } from './tshark.ts';

interface Tally {
  agree: number;
  missed: number;
  extra: number;
  /** By rule, then by capture: differences that it excuses. */
  readonly excused: Map<string, Map<string, number>>;
}

/** Holds our labels against Wireshark's, capture by capture. */
export class Agreement {
  readonly #tallies = new Map<string, Tally>(
    LABEL_NAMES.map((name) => [name, { agree: 0, missed: 0, extra: 0, excused: new Map() }]),
  );
  /** Packets that are in a capture a second time, by capture. */
  readonly copies: Record<string, number> = {};

  /**
   * @param file   the name by which rules know their own captures
   * @param labels Wireshark's
   * @returns a line for each packet whose labels differ and that no rule explains. Throws CaptureError.
   */
  add(path: string, file: string, labels: Labels): string[] {
    const packets = readLabelled(path);
    const copies = packets.filter(({ isCopy }) => isCopy).length;
    if (copies > 0) this.copies[file] = copies;
    const midIdle = new Set<number>();
    return packets.flatMap((labelled) => {
      const { packet, ours, connection } = labelled;
      const theirs = (labels[String(packet)] ?? []).filter((name) => LABEL_NAMES.includes(name)).toSorted();
      const isSame = ours.join(' ') === theirs.join(' ');
      const compared: Compared = { ...labelled, theirs, isAfterMidIdle: midIdle.has(connection) };
      const rule = isSame ? null : (Object.entries(RULES).find(([, explains]) => explains(compared))?.[0] ?? null);
      if (rule === 'mid-idle') midIdle.add(connection);
      this.#tally(compared, rule, file);
      return isSame || rule !== null ? [] : [`${file} ${packet}: ${ours.join(' ')} for ${theirs.join(' ')}`];
    });
  }

  #tally({ ours, theirs }: Compared, rule: string | null, file: string): void {
    for (const [name, sums] of this.#tallies) {
      const kind = theirs.includes(name)
        ? ours.includes(name)
          ? 'agree'
          : 'missed'
        : ours.includes(name)
          ? 'extra'
          : null;
      if (kind === null) continue;
      sums[kind]++;
      if (kind === 'agree' || rule === null) continue;
      const byFile = sums.excused.get(rule) ?? new Map<string, number>();
      sums.excused.set(rule, byFile.set(file, (byFile.get(file) ?? 0) + 1));
    }
  }

  /** The agreement, one line a label, with how many of its differences each rule excuses. */
  render(): string {
    const rules = Object.keys(RULES);
    const cells = (values: readonly (string | number)[]): string =>
      values.map((value) => String(value).padStart(15)).join('');
    const lines = [...this.#tallies].map(([name, { agree, missed, extra, excused }]) => {
      const byRule = rules.map((rule) => sum(excused.get(rule)?.values() ?? []));
      return name.padEnd(24) + cells([agree, missed, extra, ...byRule]);
    });
    return [`${'label'.padEnd(24)}${cells(['agree', 'missed', 'extra', ...rules])}`, ...lines].join('\n');
  }

  /** Labels that no packet had on both sides: of these nothing was compared. */
  unseen(): string[] {
    return [...this.#tallies].filter(([, { agree }]) => agree === 0).map(([name]) => name);
  }

  /** What a rule excuses of a label outside its own captures, where that is too much. */
  excusedElsewhere(): string[] {
    return [...this.#tallies].flatMap(([name, { agree, missed, excused }]) =>
      [...excused].flatMap(([rule, byFile]) => {
        const own = OWN_CAPTURES[rule] ?? [];
        const elsewhere = sum([...byFile].filter(([file]) => !own.includes(file)).map(([, count]) => count));
        const share = elsewhere / Math.max(1, agree + missed);
        return share <= EXCUSED_MAX_SHARE ? [] : [`${rule} excuses ${elsewhere} of ${name}`];
      }),
    );
  }
}

function sum(counts: Iterable<number>): number {
  return [...counts].reduce((total, count) => total + count, 0);
}
