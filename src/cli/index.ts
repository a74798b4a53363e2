export { reportOn } from './analyze.ts';
