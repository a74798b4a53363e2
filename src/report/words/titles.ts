/** What sections are called, in every format. */
export const TITLES = {
  timeline: 'Timeline',
  incidents: 'Incidents',
  unnoticed: 'Why nothing noticed sooner',
  findings: 'Findings',
  connections: 'Connections',
  lookedAt: 'What was looked at',
  trust: 'How far to trust it',
  thresholds: 'Thresholds',
  whatIf: 'What would have ended it sooner',
  steps: 'What to do',
} as const;
