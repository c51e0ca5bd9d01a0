/** Puts lines together from the pieces in which a stream arrives. Ends are `\n` or `\r\n`. */
export class LineReader {
  #rest = ''

  /** The lines that are complete with `piece`, without their ends. */
  push(piece: string): string[] {
    const lines = (this.#rest + piece).split('\n')
    this.#rest = lines.pop() ?? ''
    return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
  }
}

/** Calls `onLine` for each line of a response until it ends. Rejects when the connection breaks. */
export async function readLines(response: Response, onLine: (line: string) => void): Promise<void> {
  if (response.body === null) return
  const lines = new LineReader()
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    for (const line of lines.push(value)) onLine(line)
  }
  for (const line of lines.push('\n')) if (line !== '') onLine(line)
}
