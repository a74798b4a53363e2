interface PlaceRules {
  readonly packet: 'number';
  readonly file: 'number';
}

/** Rules of objects that stand in many places of a report. */
export const ENDPOINT: { readonly ip: 'address'; readonly port: 'number' } = { ip: 'address', port: 'number' };
export const PLACE: PlaceRules = { packet: 'number', file: 'number' };
export const EVENT: PlaceRules & { readonly by: 'word'; readonly at: 'time' } = { by: 'word', at: 'time', ...PLACE };
