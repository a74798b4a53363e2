/** Columns of the table of what each flow sent, by flow: its last packet, its first. */
export const LAST_SENT = 0;
export const FIRST_SENT = 1;
export const SENT_COLUMNS = 2;
