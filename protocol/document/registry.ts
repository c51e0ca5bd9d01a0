import type { CommitRecord } from '../commit/index.ts'
import type { Act } from '../evaluation/index.ts'
import type { Sha256 } from '../identity/index.ts'
import type { DocumentKind } from './kind.ts'

/** The kinds of documents that a replica folds. */
export class DocumentRegistry {
  readonly #kinds: ReadonlyMap<string, DocumentKind>
  /** What was asked for last. */
  #last: { document: string; kind: DocumentKind | null } = { document: '', kind: null }

  constructor(kinds: readonly DocumentKind[]) {
    this.#kinds = new Map(kinds.map((kind) => [kind.name, kind]))
  }

  /** The kind of a document id, or null: a section of an unknown kind is stored and relayed but not folded. */
  kindOf(document: string): DocumentKind | null {
    // Asked several times of every section.
    if (document === this.#last.document) return this.#last.kind
    const kind = this.#find(document)
    this.#last = { document, kind }
    return kind
  }

  #find(document: string): DocumentKind | null {
    // Of kinds with one document its id is their name.
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

  /** What a commit does for the books: first that of the document which is read off them, then by section. */
  actsOf({ header, payloads }: CommitActs, sha256: Sha256): readonly Act[] {
    let first: readonly Act[] = NO_ACTS
    let more: Act[] | null = null
    for (const [i, { document, entries }] of header.sections.entries()) {
      const kind = this.kindOf(document)
      const payload = payloads[i] ?? null
      if (kind?.actsOf === undefined || payload === null) continue
      const acts = kind.actsOf({ payload, entries }, header.device, sha256)
      if (kind.isComputed === true) first = acts
      else if (acts.length > 0) more = more === null ? [...acts] : [...more, ...acts]
    }
    return more === null ? first : [...first, ...more]
  }
}

/** What acts follow from. */
export interface CommitActs {
  header: Pick<CommitRecord['header'], 'device'> & {
    sections: readonly Pick<CommitRecord['header']['sections'][number], 'document' | 'entries'>[]
  }
  payloads: CommitRecord['payloads']
}

const NO_ACTS: readonly Act[] = []
