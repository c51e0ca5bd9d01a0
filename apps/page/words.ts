import type { Share } from './event-view.ts'

/** Numbers, times and shares as people of one place read them. */
export class Words {
  readonly #locale: string

  /** @param locale - of the page's language: `de-AT` */
  constructor(locale: string) {
    this.#locale = locale
  }

  count(value: number): string {
    return new Intl.NumberFormat(this.#locale).format(value)
  }

  /** `14:05:09`, or with the date where it is another day than `nowMs`. */
  time(atMs: number, nowMs: number = Date.now()): string {
    const time = new Intl.DateTimeFormat(this.#locale, { timeStyle: 'short' }).format(atMs)
    const day = new Intl.DateTimeFormat(this.#locale, { day: 'numeric', month: 'short' })
    return day.format(atMs) === day.format(nowMs) ? time : `${day.format(atMs)}, ${time}`
  }

  /** A minute of the day as a clock shows it. */
  minuteOfDay(minute: number): string {
    const format = new Intl.DateTimeFormat(this.#locale, { timeStyle: 'short', timeZone: 'UTC' })
    return format.format(minute * 60_000)
  }

  /** `40 s`, `14 min`, `3 h`, `2 d`: the largest unit that is not zero, rounded down. */
  duration(ms: number): string {
    const seconds = Math.max(0, Math.floor(ms / 1_000))
    const [value, unit] =
      seconds < 60
        ? [seconds, 'second']
        : seconds < 3_600
          ? [Math.floor(seconds / 60), 'minute']
          : seconds < 172_800
            ? [Math.floor(seconds / 3_600), 'hour']
            : [Math.floor(seconds / 86_400), 'day']
    return new Intl.NumberFormat(this.#locale, { style: 'unit', unit, unitDisplay: 'short' }).format(value)
  }

  /** Rounded down: what is not all is never shown as 100 %. Nothing sold is all of nothing. */
  share({ canAdmit, sold }: Share): string {
    const percent = sold <= 0 ? 100 : Math.floor((Math.min(canAdmit, sold) * 100) / sold)
    return new Intl.NumberFormat(this.#locale, { style: 'percent' }).format(percent / 100)
  }
}
