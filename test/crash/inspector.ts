import type { ReportLine } from './report.ts'
import type { InspectRequest } from './worker.ts'
import { WorkerProcess } from './worker-process.ts'

/** Opens folders in another process, one after the other: whatever happens there, the campaign goes on. */
export class Inspector {
  #worker: WorkerProcess | null = null
  #onLine: (line: ReportLine) => void = () => null

  /** What is in a folder, and what became of it when it was gone on with; the folder is changed by that. */
  async look(request: InspectRequest): Promise<ReportLine[]> {
    const lines: ReportLine[] = []
    const worker = (this.#worker ??= this.#start())
    const done = new Promise<void>((resolve) => {
      this.#onLine = (line) => {
        if (line.t === 'done') resolve()
        else lines.push(line)
      }
    })
    worker.ask(request)
    const end = await Promise.race([done.then(() => null), worker.ended])
    if (end !== null) {
      this.#worker = null
      lines.push({ t: 'fault', text: `the process ended by ${end.code ?? end.signal}: ${end.errors}` })
    }
    return lines
  }

  async close(): Promise<void> {
    await this.#worker?.finish()
    this.#worker = null
  }

  #start(): WorkerProcess {
    return new WorkerProcess({ do: 'inspect' }, { onLine: (line) => this.#onLine(line as ReportLine) })
  }
}
