export { DIRECTION, FLAG, Segment, type Direction } from './segment.ts';
