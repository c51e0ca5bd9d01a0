/** Tells the story on the terminal, and keeps what was not as told. */
export class Teller {
  readonly #startMs = performance.now()
  /** Facts that did not hold. */
  readonly faults: string[] = []

  get seconds(): string {
    return ((performance.now() - this.#startMs) / 1000).toFixed(1)
  }

  chapter(title: string): void {
    process.stdout.write(`\n${bold(title)}\n`)
  }

  /** One step, with the time since the beginning. */
  say(text: string): void {
    process.stdout.write(`${dim(`${this.seconds.padStart(5)} s`)}  ${text}\n`)
  }

  /** A fact that must hold; the demo fails if one does not. */
  check(isTrue: boolean, fact: string): void {
    this.say(`        ${isTrue ? green('✓') : red('✗')} ${fact}`)
    if (!isTrue) this.faults.push(fact)
  }

  /** A line of a table: what it is about, and a cell for each node. */
  row(cells: readonly string[], style: (text: string) => string = (text) => text): void {
    const [head = '', ...rest] = cells
    const label = head.length > LABEL_WIDTH - 1 ? `${head.slice(0, LABEL_WIDTH - 2)}…` : head
    const line = [style(label.padEnd(LABEL_WIDTH)), ...rest.map((cell) => style(cell.padEnd(15)))]
    process.stdout.write(`  ${line.join('').trimEnd()}\n`)
  }

  /** The work could not go on. */
  stopped(cause: unknown): void {
    const why = cause instanceof Error ? cause.message : String(cause)
    this.faults.push(why)
    process.stdout.write(`${red('stopped:')} ${why}\n`)
  }

  /** The last line; true when all was as told. */
  end(): boolean {
    const isWell = this.faults.length === 0
    const off = this.faults.length === 1 ? '1 thing is off' : `${this.faults.length} things are off`
    process.stdout.write(isWell ? `\n${green('All well')} in ${this.seconds} s.\n` : `\n${red(off)}.\n`)
    return isWell
  }
}

/** Width of the first column of a table. */
const LABEL_WIDTH = 20

/** Text as a heading. */
export function bold(text: string): string {
  return colour('1', text)
}

/** Text that matters less. */
export function dim(text: string): string {
  return colour('2', text)
}

function green(text: string): string {
  return colour('32', text)
}

function red(text: string): string {
  return colour('31', text)
}

function colour(code: string, text: string): string {
  return process.stdout.isTTY && process.env['NO_COLOR'] === undefined
    ? `\u001B[${code}m${text}\u001B[0m`
    : text
}
