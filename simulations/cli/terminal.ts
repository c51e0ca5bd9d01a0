/** Where a command writes, and how. */
export interface Terminal {
  /** JSON lines instead of text. */
  readonly isJson: boolean
  /** A person watches: lines may be rewritten and coloured. */
  readonly isWatched: boolean
  out(text: string): void
  err(text: string): void
}

/** The terminal of this process. */
export function processTerminal(isJson: boolean): Terminal {
  const { stdout, stderr } = process
  return {
    isJson,
    isWatched: !isJson && stdout.isTTY && stderr.isTTY,
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
  }
}

/** `text` in a colour (an SGR code) where a person reads it. */
export function paint(terminal: Terminal, code: string, text: string): string {
  return terminal.isWatched && process.env['NO_COLOR'] === undefined
    ? `\u001B[${code}m${text}\u001B[0m`
    : text
}

/** One line that is rewritten while work goes on; silent where nobody watches. */
export class ProgressLine {
  readonly #terminal: Terminal
  readonly #startMs: number = Date.now()
  #lastMs = 0

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** `share`: of all work, from 0 to 1. At most ten times a second. */
  show(share: number, text: string): void {
    const nowMs = Date.now()
    if (!this.#terminal.isWatched || nowMs - this.#lastMs < 100) return
    this.#lastMs = nowMs
    const width = Math.max(20, (process.stderr.columns ?? 80) - 1)
    const filled = Math.round(Math.min(1, Math.max(0, share)) * BAR)
    const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}`
    const spentMs = nowMs - this.#startMs
    const left = share > 0.02 ? `, ${clock((spentMs / share) * (1 - share))} left` : ''
    this.#terminal.err(`\r\u001B[2K${`${bar} ${text}, ${clock(spentMs)}${left}`.slice(0, width)}`)
  }

  clear(): void {
    if (this.#terminal.isWatched) this.#terminal.err('\r\u001B[2K')
  }
}

const BAR = 24

/** Real time for people: 4 s, 2:05. */
export function clock(ms: number): string {
  const seconds = Math.round(ms / 1_000)
  return seconds < 60
    ? `${seconds} s`
    : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
