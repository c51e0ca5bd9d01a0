const BYTE_UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'] as const

/** A size as people read it: decimal units, one digit after the point from kilobytes on. */
export function formatBytes(bytes: number, locale?: string): string {
  let value = Math.max(0, bytes)
  let unit = 0
  // 999,950 bytes are 1 MB, not 1,000 kB: compare what will be shown.
  while (Math.round(value * 10) / 10 >= 1_000 && unit < BYTE_UNITS.length - 1) {
    value /= 1_000
    unit += 1
  }
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: BYTE_UNITS[unit] ?? 'byte',
    unitDisplay: unit === 0 ? 'long' : 'short',
    maximumFractionDigits: unit === 0 ? 0 : 1,
  }).format(value)
}

/** A whole number with the reader's separators. */
export function formatCount(count: number): string {
  return new Intl.NumberFormat().format(count)
}

/** `3 devices`, `1 device`: the English plural is the singular with an s unless given. */
export function formatQuantity(count: number, one: string, many: string = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

/** A moment (Unix ms) as date and time of the reader's place. */
export function formatTime(timeMs: number): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(timeMs)
}

const STEPS = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 30],
  ['month', 12],
] as const

/** A moment as seen from `nowMs`: `5 minutes ago`, `in 7 days`. */
export function formatRelative(timeMs: number, nowMs: number, locale?: string): string {
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  let value = (timeMs - nowMs) / 1_000
  for (const [unit, size] of STEPS) {
    if (Math.abs(Math.round(value)) < size) return format.format(Math.round(value), unit)
    value /= size
  }
  return format.format(Math.round(value), 'year')
}

/** Identifiers up to this length are shown whole, in characters. */
export const SHORT_ID_LENGTH_MAX = 16

/** First and last six characters of a long identifier: enough to compare by eye. */
export function shortenId(id: string): string {
  return id.length <= SHORT_ID_LENGTH_MAX ? id : `${id.slice(0, 6)}…${id.slice(-6)}`
}
