/** Prints one figure of a benchmark: what, how much, next to what. */
export function printFigure(name: string, figure: string, note: string): void {
  process.stdout.write(`${name.padEnd(38)} ${figure.padStart(20)}   ${note}\n`)
}
