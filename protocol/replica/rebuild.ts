import type { DocumentState } from '../document/index.ts'
import type { DocumentLog } from './document-log.ts'
import type { StoredCommit } from './documents.ts'

/** A state and what was folded into it; a document's log is one. */
export type FoldTarget = Pick<DocumentLog, 'state' | 'folded' | 'refused'>

/** What making a document anew takes of the documents. */
export interface RebuildParts {
  log: DocumentLog
  /** A state with nothing in it. `outdated`: one that was handed all sections and says so of itself. */
  open(outdated?: DocumentState): DocumentState | null
  fold(target: FoldTarget, commit: StoredCommit): void
  /** The log has its new state. */
  onDone(): void
}

/**
 * Makes a stale document's state anew, some sections at a time, beside the old one: that is what is shown until then, and
 * nobody writes to it. When other sections are to be shown meanwhile, it begins again by itself.
 */
export class Rebuild {
  /** How often it began. */
  begun = 1
  /** The document has its new state. */
  isDone = false
  readonly #parts: RebuildParts
  #made: FoldTarget
  #shownAnew: number

  constructor(parts: RebuildParts) {
    this.#parts = parts
    this.#shownAnew = parts.log.shownAnew
    this.#made = fresh(parts)
  }

  /** Orders of the next sections to fold, at most `count`; none when all are in. */
  next(count: number): number[] {
    const { log } = this.#parts
    if (this.#shownAnew !== log.shownAnew) {
      this.#shownAnew = log.shownAnew
      this.#begin()
    }
    return log.sections(this.#made.folded, count)
  }

  /** Folds the commits that bear the next sections; does nothing from the first one on that is not the next. */
  fold(commits: readonly StoredCommit[]): void {
    const next = this.next(commits.length)
    for (const [i, commit] of commits.entries()) {
      if (commit.order !== next[i]) return
      this.#parts.fold(this.#made, commit)
    }
  }

  /**
   * Gives the document its new state when all sections are in it. False when more are to be folded: others came, or the
   * state turned out to have had to know something from the start, and all are folded into one that does.
   */
  finish(): boolean {
    const { log, onDone } = this.#parts
    if (this.next(1).length > 0) return false
    const { state, folded, refused } = this.#made
    if (state?.isOutdated === true) {
      this.#begin(state)
      return false
    }
    log.state = state
    log.folded = folded
    log.refused = refused
    log.isStale = false
    this.isDone = true
    onDone()
    return true
  }

  #begin(outdated?: DocumentState): void {
    this.#made = fresh(this.#parts, outdated)
    this.begun += 1
  }
}

function fresh({ open }: RebuildParts, outdated?: DocumentState): FoldTarget {
  return { state: open(outdated), folded: 0, refused: 0 }
}
