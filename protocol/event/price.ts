import type { ClassEntry, Price } from './entries.ts'

/** How long a price that was named to somebody stands, whatever its window. A guess: who stands at a till pays by then. */
export const QUOTE_MS: number = 10 * 60_000

/** What a class costs at a time: the first window of the list that holds it; null when none does, and it is not sold then. */
export function priceAt({ prices }: Pick<ClassEntry, 'prices'>, nowMs: number): Price | null {
  return prices.find(({ fromMs, untilMs }) => isWithin(nowMs, fromMs, untilMs)) ?? null
}

/** True for a time from `fromMs` on and before `untilMs`; null is no limit. */
export function isWithin(nowMs: number, fromMs: number | null, untilMs: number | null): boolean {
  return (fromMs === null || nowMs >= fromMs) && (untilMs === null || nowMs < untilMs)
}
