/** A time as a `datetime-local` field has it, by clocks that show `offsetMin` minutes beside UTC. */
export function inputTime(ms: number, offsetMin: number): string {
  const date = new Date(ms + offsetMin * 60_000)
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().slice(0, 16)
}

/** Unix ms of such a field; null while it is empty or no time. */
export function msOfInput(text: string, offsetMin: number): number | null {
  const [time] = /^\d{4,5}-\d\d-\d\dT\d\d:\d\d/.exec(text) ?? []
  const ms = Date.parse(`${time}:00Z`)
  return time === undefined || Number.isNaN(ms) ? null : ms - offsetMin * 60_000
}

/** What this device's clock shows beside UTC at a moment, minutes. */
export function offsetAt(ms: number): number {
  return -new Date(ms).getTimezoneOffset()
}

/** `+02:00`. */
export function offsetText(offsetMin: number): string {
  const [hours, minutes] = [Math.floor(Math.abs(offsetMin) / 60), Math.abs(offsetMin) % 60]
  const digits = [hours, minutes].map((it) => String(it).padStart(2, '0')).join(':')
  return `${offsetMin < 0 ? '−' : '+'}${digits}`
}
