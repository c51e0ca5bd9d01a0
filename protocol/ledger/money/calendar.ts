const DAY_MS = 86_400_000
/** The last day that books of account tools may end on, less one for the closing balance: their years have four digits. */
const LAST_DAY = daysOf(9998, 12, 30)

/** The UTC day of a time as a number of days since 1970; a time outside 1970 to 9998 counts as the nearest day inside. */
export function dayOf(timeMs: number): number {
  const day = Math.floor(timeMs / DAY_MS)
  return day >= LAST_DAY ? LAST_DAY : day >= 0 ? day : 0
}

/** `YYYY-MM-DD` of a day. Algorithm: Howard Hinnant, chrono-compatible low-level date algorithms, `civil_from_days`. */
export function dayText(day: number): string {
  const shifted = day + 719_468
  const era = Math.floor(shifted / 146_097)
  const ofEra = shifted - era * 146_097
  const year = Math.floor(
    (ofEra - Math.floor(ofEra / 1_460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  )
  const ofYear = ofEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100))
  const march = Math.floor((5 * ofYear + 2) / 153)
  const date = ofYear - Math.floor((153 * march + 2) / 5) + 1
  const month = march < 10 ? march + 3 : march - 9
  return `${digits(year + era * 400 + (month <= 2 ? 1 : 0), 4)}-${digits(month, 2)}-${digits(date, 2)}`
}

/** ISO 8601 in UTC with milliseconds; a time outside 1970 to 9998 is shown as the nearest day inside. */
export function timeText(timeMs: number): string {
  const day = dayOf(timeMs)
  const ofDay = Math.min(Math.max(Math.floor(timeMs) - day * DAY_MS, 0), DAY_MS - 1)
  const [hours, minutes] = [Math.floor(ofDay / 3_600_000), Math.floor(ofDay / 60_000) % 60]
  const [seconds, ms] = [Math.floor(ofDay / 1_000) % 60, ofDay % 1_000]
  return `${dayText(day)}T${digits(hours, 2)}:${digits(minutes, 2)}:${digits(seconds, 2)}.${digits(ms, 3)}Z`
}

/** `days_from_civil` of the same source. */
function daysOf(year: number, month: number, date: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const ofEra = y - era * 400
  const ofYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + date - 1
  return era * 146_097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719_468
}

function digits(value: number, count: number): string {
  return value.toString().padStart(count, '0')
}
