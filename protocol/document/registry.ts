import type { CommitRecord } from '../commit/index.ts'
import type { Act } from '../evaluation/index.ts'
import type { Sha256 } from '../identity/index.ts'
import type { DocumentKind } from './kind.ts'

/** The kinds of documents that a replica folds. */
export class DocumentRegistry {
  readonly #kinds: ReadonlyMap<string, DocumentKind>

  constructor(kinds: readonly DocumentKind[]) {
    this.#kinds = new Map(kinds.map((kind) => [kind.name, kind]))
  }

  /** The kind of a document id, or null: a section of an unknown kind is stored and relayed but not folded. */
  kindOf(document: string): DocumentKind | null {
    // Of kinds with one document its id is their name: asked of every section.
    const only = this.#kinds.get(document)
    if (only?.isNamed === false) return only
    const [name = '', rest] = document.split('/')
    const kind = this.#kinds.get(name)
    return kind !== undefined && kind.isNamed === (rest !== undefined) ? kind : null
  }

  /** Documents of which there is one and that are read off the books. */
  computed(): string[] {
    return [...this.#kinds.values()]
      .filter((it) => it.isComputed === true && !it.isNamed)
      .map((it) => it.name)
  }

  /**
   * True unless sections of this document may travel without their payload. Those of an unknown kind may not: whoever
   * knows it may need them.
   */
  isAlwaysSent(document: string): boolean {
    return this.kindOf(document)?.isAlwaysSent ?? true
  }

  /** What a commit does for the books. */
  actsOf({ header, payloads }: Pick<CommitRecord, 'header' | 'payloads'>, sha256: Sha256): readonly Act[] {
    for (const [i, { document, entries }] of header.sections.entries()) {
      const payload = payloads[i] ?? null
      // A commit has one section of a document, and one document is the ledger.
      const actsOf = payload === null ? undefined : this.kindOf(document)?.actsOf
      if (actsOf !== undefined && payload !== null) return actsOf({ payload, entries }, header.device, sha256)
    }
    return NO_ACTS
  }
}

const NO_ACTS: readonly Act[] = []
