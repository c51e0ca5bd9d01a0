export { CLOCK_CHANGES_MAX, DRIFT_PPB_MAX, DeviceClock, drawClock } from './device-clock.ts'
export type { ClockChange, ClockInit, ClockSpread } from './device-clock.ts'
