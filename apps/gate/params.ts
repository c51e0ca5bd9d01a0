/** A parameter of a verdict as text; a device is its name. Empty when there is none. */
export function textOf(params: Readonly<Record<string, unknown>>, key: string): string {
  const value = params[key]
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  if (Array.isArray(value)) return value.map(String).join(' ')
  if (typeof value === 'object' && value !== null) {
    const { deviceName, name } = value as { deviceName?: unknown; name?: unknown }
    if (typeof deviceName === 'string' && deviceName !== '') return deviceName
    if (typeof name === 'string') return name
  }
  return ''
}

/** A parameter of a verdict as a number, or null. */
export function numberOf(params: Readonly<Record<string, unknown>>, key: string): number | null {
  const value = params[key]
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}
