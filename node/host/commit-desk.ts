import { deviceFromText } from '#protocol/identity'
import { fromHex, toHex } from '#protocol/encoding'
import { CoopError } from '#node/errors'
import { checkCommit } from './commit-checks.ts'
import type { CommitChecks } from './commit-checks.ts'
import { findCommit } from './commit-lookup.ts'
import { readCommit } from './commit-source.ts'
import { commitView } from './commit-view.ts'
import type { CommitView } from './commit-view.ts'
import type { CoopNode } from './coop-node.ts'
import { openEvidence } from './evidence-stream.ts'
import type { EvidenceFile } from './evidence-stream.ts'

/** Shows, checks and exports the commits of a node. */
export class CommitDesk {
  readonly #node: CoopNode
  /** Checks run one after the other: each may build a replica of its own. */
  #checking: Promise<unknown> = Promise.resolve()

  constructor(node: CoopNode) {
    this.#node = node
  }

  /** One commit, named by its id or the first 8 or more digits of it. */
  async show(id: string): Promise<CommitView> {
    const { engine } = this.#node.membership
    const { replica } = engine
    const order = findCommit(replica.history, id)
    const record = await readCommit(engine, order)
    return commitView(replica, order, record, engine.suspensionOf(toHex(record.header.device)))
  }

  /** Checks one commit anew; id as for `show`. */
  async verify(id: string): Promise<CommitChecks> {
    const checked = this.#checking.then(async () => {
      const { engine } = this.#node.membership
      return checkCommit(engine, findCommit(engine.replica.history, id), this.#node.crypto)
    })
    this.#checking = checked.catch(() => {
      // Whoever asked is told; the next check has its own outcome.
    })
    return checked
  }

  /** An evidence file; `document` and `device` (PeerId or hexadecimal key) narrow it. */
  async evidence(filter: {
    document: string | undefined
    device: string | undefined
  }): Promise<EvidenceFile> {
    const { engine, genesisBytes } = this.#node.membership
    const document = filter.document ?? null
    if (document !== null && engine.replica.documents.countsOf(document).commits === 0) {
      throw new CoopError(
        'commit-unknown',
        `no commit here has a section of '${document}'`,
        'Run `coop status` to see the documents; a board is named board/NAME.',
      )
    }
    const device = filter.device === undefined ? null : deviceKey(filter.device)
    const origin = { source: engine, sha256: this.#node.crypto.sha256, genesis: genesisBytes }
    return openEvidence(origin, { document, device })
  }
}

function deviceKey(text: string): Uint8Array {
  const key = deviceFromText(text) ?? fromHex(text)
  if (key?.length === 32) return key
  throw new CoopError(
    'usage',
    `'${text.slice(0, 80)}' is no device key`,
    'Give a PeerId (12D3Koo…, see `coop members`) or the 64 hexadecimal digits of a key.',
  )
}
