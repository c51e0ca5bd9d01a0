/** Prints one figure of a benchmark: what, how much, next to what. */
export function printFigure(name: string, figure: string, note: string): void {
  process.stdout.write(`${name.padEnd(38)} ${figure.padStart(20)}   ${note}\n`)
}

/** The value below which `percent` of the values lie. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN
}

/** A rate as it is printed. */
export function perSecond(value: number): string {
  return Math.round(value).toLocaleString('en')
}
