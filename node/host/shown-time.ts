/** The last moment that a `Date` can hold (ECMA-262, section 21.4.1.1). A peer's clock may say more; a page must not fail. */
const TIME_MS_MAX = 8_640_000_000_000_000

/** A time that a peer stated, as far as people can be shown one. */
export function shownTime(timeMs: number): number {
  return Math.min(timeMs, TIME_MS_MAX)
}
