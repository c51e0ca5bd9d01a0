import type { Logger } from 'pino'
import type { Sha256 } from '#protocol/identity'
import type { Replica } from '#protocol/replica'
import { LooseLog } from '#node/log'
import type { LooseIntake } from '#node/log'
import type { Store } from '#node/store'

/** Wait before commits whose place in the log was lost are offered again, after others came. A guess. */
const RETRY_AFTER_MS = 1_000

/** What a retry stands on. */
export interface LooseRetryParts {
  store: Store
  sha256: Sha256
  log: Logger
  /** The present replica. */
  replica: () => Replica
  /** Puts what an intake brought on the disk. */
  write: (result: LooseIntake['result']) => Promise<void>
}

/** Offers commits again whose place in the log was lost, whenever others came that they may have lacked. */
export class LooseRetry {
  /** True while there are such commits. */
  isNeeded: boolean
  readonly #parts: LooseRetryParts
  #timer: NodeJS.Timeout | null = null
  #isClosed = false

  constructor(parts: LooseRetryParts, isNeeded: boolean) {
    this.#parts = parts
    this.isNeeded = isNeeded
  }

  /** Other commits came. */
  schedule(): void {
    if (!this.isNeeded || this.#timer !== null || this.#isClosed) return
    this.#timer = setTimeout(() => {
      this.#takeIn()
        .catch((cause: unknown) =>
          this.#parts.log.error({ err: cause }, 'set aside commits could not be taken in'),
        )
        .finally(() => {
          this.#timer = null
        })
    }, RETRY_AFTER_MS)
  }

  close(): void {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  async #takeIn(): Promise<void> {
    const { store, sha256, write } = this.#parts
    const loose = new LooseLog({ store, sha256 })
    const replica = this.#parts.replica()
    for await (const { result, changes } of loose.takeIn(replica)) {
      // It was rebuilt from the disk: what it took in is not there.
      if (replica !== this.#parts.replica() || this.#isClosed) return
      await write(result)
      await store.write([...changes])
    }
    this.isNeeded = !(await loose.isEmpty())
    if (this.isNeeded) return
    for (const finding of store.findings.all())
      if (finding.code === 'log-hole')
        store.findings.note({ ...finding, severity: 'repaired', action: 'They were taken in again.' })
  }
}
