import type { DocumentKind } from './kind.ts'

/** The kinds of documents that a replica folds. */
export class DocumentRegistry {
  readonly #kinds: ReadonlyMap<string, DocumentKind>

  constructor(kinds: readonly DocumentKind[]) {
    this.#kinds = new Map(kinds.map((kind) => [kind.name, kind]))
  }

  /** The kind of a document id, or null: a section of an unknown kind is stored and relayed but not folded. */
  kindOf(document: string): DocumentKind | null {
    const [name = '', rest] = document.split('/')
    const kind = this.#kinds.get(name)
    return kind !== undefined && kind.isNamed === (rest !== undefined) ? kind : null
  }

  /**
   * True unless sections of this document may travel without their payload. Those of an unknown kind may not: whoever
   * knows it may need them.
   */
  isAlwaysSent(document: string): boolean {
    return this.kindOf(document)?.isAlwaysSent ?? true
  }
}
