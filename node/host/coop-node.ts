import { EventEmitter } from 'node:events'
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import type { Logger } from 'pino'
import { AUTHORITY, actSection, decodeGenesis, inviteSigner } from '#protocol/authority'
import type { Genesis } from '#protocol/authority'
import { BoardState } from '#protocol/board'
import { foundCoop } from '#protocol/coop'
import type { Role } from '#protocol/document'
import { fromHex, toHex } from '#protocol/encoding'
import { EVENT } from '#protocol/event'
import { LEDGER } from '#protocol/ledger'
import { deviceText } from '#protocol/identity'
import type { Crypto, Signer } from '#protocol/identity'
import { INVITE_SECRET_BYTES, formatInviteLink } from '#protocol/invite'
import { ASSET_PROTOCOL, AssetStore } from '#node/assets'
import { BoardCache, BoardWriter, openBoard } from '#node/boards'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { BooksFile, Engine } from '#node/engine'
import { CoopError, asCoopError } from '#node/errors'
import type { FindingLog } from '#node/findings'
import { DataFolder, adoptNextKey, loadDeviceKey } from '#node/folder'
import type { DeviceKey } from '#node/folder'
import { AddressBook, Mesh, WaitingList, askToJoin, localAddresses, readInviteLink } from '#node/mesh'
import { CommitLog, LogBatch } from '#node/log'
import { Store } from '#node/store'
import { AssetDesk } from './asset-desk.ts'
import { AuthorityDesk } from './authority-desk.ts'
import { RecoveryDesk } from './recovery-desk.ts'
import { BallotHand } from './ballot-hand.ts'
import { GuestDesk } from './guest-desk.ts'
import { ASK_TIMEOUT_MS } from './head-question.ts'
import { Incarnation } from './incarnation.ts'
import { beginKeyChange, finishKeyChange } from './key-change.ts'
import { KeyDesk } from './key-desk.ts'
import { LedgerDesk } from './ledger-desk.ts'
import { MarksBook } from './marks-book.ts'
import { MoneyDesk } from './money-desk.ts'
import { RIGHTS_PROTOCOL, RIGHTS_PROTOCOL_BEFORE, RightsDesk } from './rights-desk.ts'
import { RightsHand } from './rights-hand.ts'
import { EventDesk, GateDesk, TicketDesk, TicketHand } from './tickets/index.ts'
import { VERSION } from './version.ts'
import { readGenesis } from './lost-genesis.ts'
import { KIT_NOTE, OWN_KIT_NOTE, joiningKit, kitOfWords, newKit } from './recovery-kit.ts'

/** How a node is set up. Complete: defaults are the CLI's. */
export interface NodeConfig {
  dataPath: string
  /** Where this machine remembers, outside data folders, which one ran last with a key; null for nowhere. */
  statePath: string | null
  /** Opens or seals the device key; undefined leaves it protected by its file mode. */
  passphrase: string | undefined
  /** TCP port of the mesh, 0 for any. */
  port: number
  /** Interface of the mesh. */
  host: string
  isMdnsOn: boolean
  log: Logger
}

/** What changed, for pages. */
export type Change = 'status' | 'members' | 'peers' | 'assets' | 'boards' | 'ledger' | 'tickets'

/** Names that a founder or joiner gives. */
export interface Names {
  memberName: string
  deviceName: string
}

/** A co-op was founded or joined. The words of a new kit are shown now and kept nowhere. */
export interface Entered {
  coop: string
  name: string
  device: string
  member: string
  /** Null when the person brought a kit. */
  words: string | null
  /** What a person is told beside the words. */
  note: string
}

/** The parts that exist once this device belongs to a co-op. */
export interface Membership {
  genesis: Genesis
  genesisBytes: Uint8Array
  coop: Uint8Array
  engine: Engine
  boards: BoardCache
  book: AddressBook
  incarnation: Incarnation
  /** Guests who came when their invite was used up. */
  waiting: WaitingList
  /** Marks by which this device keeps units at hand. */
  marks: MarksBook
  /** Device (hex) that admitted this one. */
  sponsor: string | null
}

interface NodeEvents {
  changed: [what: Change[]]
  /** The documents were rebuilt: whoever shows one must open it again. */
  reset: []
}

/** How long after the last edit a board is kept in the cache. */
const KEEP_BOARDS_AFTER_MS = 2_000
/** Time from the first edit after which edits no longer put that off. A guess: a minute of commits is folded again in a second. */
const KEEP_BOARDS_WITHIN_MS = 60_000

/** One node: its folder, key, store, replica, mesh and assets. The CLI and the HTTP API are views of it. */
export class CoopNode extends EventEmitter<NodeEvents> {
  readonly config: NodeConfig
  readonly folder: DataFolder
  readonly crypto: Crypto
  readonly desk: AssetDesk
  readonly keys: KeyDesk
  readonly guests: GuestDesk
  readonly authority: AuthorityDesk
  readonly recovery: RecoveryDesk
  readonly ledger: LedgerDesk
  readonly rights: RightsDesk
  readonly money: MoneyDesk
  /** Addresses at which phones find the pages for gates and stalls, as the door for them says. */
  phones: () => readonly string[] = () => []
  readonly events: EventDesk
  readonly tickets: TicketDesk
  readonly gate: GateDesk
  readonly #store: Store
  #key: DeviceKey
  #signer: Signer
  #membership: Membership | null = null
  #hand: BallotHand | null = null
  #rightsHand: RightsHand | null = null
  #ticketHand: TicketHand | null = null
  #mesh: Mesh | null = null
  #isPaused = false
  #isEntering = false
  #meshSinceMs = 0
  #isClosed = false
  /** Why the mesh did not start the last time, or null. */
  meshFailure: CoopError | null = null
  readonly #writers = new Map<string, BoardWriter>()
  #keepTimer: NodeJS.Timeout | null = null
  /** When the first edit came that is not kept, ms. */
  #keepSinceMs = 0
  /** Mesh starts and stops run one after the other. */
  #meshWork: Promise<void> = Promise.resolve()

  private constructor(config: NodeConfig, parts: { folder: DataFolder; key: DeviceKey; store: Store }) {
    super()
    this.config = config
    this.folder = parts.folder
    this.#key = parts.key
    this.#signer = nodeSigner(parts.key.seed)
    this.crypto = nodeCrypto()
    this.#store = parts.store
    const { assetsPath, partialPath } = parts.folder
    const { sha256 } = this.crypto
    const assets = new AssetStore({ store: parts.store, assetsPath, partialPath, sha256 })
    this.desk = new AssetDesk(this, assets)
    this.keys = new KeyDesk(this, parts.store)
    this.guests = new GuestDesk(this)
    this.authority = new AuthorityDesk(this)
    this.recovery = new RecoveryDesk(this)
    this.ledger = new LedgerDesk(this)
    this.rights = new RightsDesk(this)
    this.money = new MoneyDesk(this)
    this.events = new EventDesk(this)
    this.tickets = new TicketDesk(this)
    this.gate = new GateDesk(this, { events: this.events, tickets: this.tickets })
  }

  /** Opens the data folder; the co-op, if there is one, is loaded and can be written. The mesh is started apart. */
  static async open(config: NodeConfig): Promise<CoopNode> {
    const folder = await DataFolder.open(config.dataPath)
    let store: Store | null = null
    try {
      await folder.needKey()
      const key = await loadDeviceKey(folder.keyPath, config.passphrase)
      store = await Store.open(folder.storePath, folder.findings)
      const node = new CoopNode(config, { folder, key, store })
      await finishKeyChange(store, node.signer.publicKey)
      const genesis = await readGenesis(store, node.crypto.sha256)
      node.#isPaused = (await store.get('m/paused')) !== null
      if (genesis !== null) await node.#enter(genesis)
      return node
    } catch (cause) {
      await store?.close()
      await folder.close()
      throw cause
    }
  }

  get key(): DeviceKey {
    return this.#key
  }

  get signer(): Signer {
    return this.#signer
  }

  /** The database of this node. */
  get store(): Store {
    return this.#store
  }

  /** What was found damaged since the folder was opened. */
  get findings(): FindingLog {
    return this.#store.findings
  }

  /** This device's PeerId. */
  get device(): string {
    return deviceText(this.signer.publicKey)
  }

  get isFounded(): boolean {
    return this.#membership !== null
  }

  get mesh(): Mesh | null {
    return this.#mesh
  }

  get meshState(): 'running' | 'paused' | 'off' {
    if (this.#isPaused) return 'paused'
    return this.#mesh === null ? 'off' : 'running'
  }

  /** The co-op of this node, or null. */
  get membershipOrNull(): Membership | null {
    return this.#membership
  }

  /** The co-op of this node; an error that leads on when there is none. */
  get membership(): Membership {
    if (this.#membership !== null) return this.#membership
    throw new CoopError(
      'not-founded',
      'this node belongs to no co-op yet',
      'Found one with `coop found NAME`, or join one with `coop join LINK`.',
    )
  }

  /** Throws unless this node belongs to a co-op. */
  needMembership(): void {
    void this.membership
  }

  /** Founds a co-op on this device; needs no network. */
  async found(name: string, names: Names): Promise<Entered> {
    return this.#entering(async () => this.#found(name, names))
  }

  async #found(name: string, names: Names): Promise<Entered> {
    const kit = newKit()
    const founding = foundCoop(
      {
        name,
        ...names,
        kit: kit.signer,
        device: this.signer,
        nonce: new Uint8Array(randomBytes(16)),
        nowMs: Date.now(),
      },
      this.crypto,
    )
    if (!founding.ok) {
      throw new CoopError(
        'refused',
        `the co-op cannot be founded: ${founding.detail}`,
        'Use names of 1 to 64 visible characters.',
      )
    }
    // One batch: a folder is founded or it is not.
    await this.#store.write([
      { type: 'put', key: 'm/genesis', value: founding.genesis },
      ...new CommitLog(
        { store: this.#store, sha256: this.crypto.sha256, log: this.config.log },
        founding.replica,
      ).append(new LogBatch(founding.stored)),
    ])
    await this.#enter(founding.genesis)
    return this.#entered(name, kit)
  }

  /**
   * Joins a co-op by an invite link: as a new member, or with `kitWords` as a further device of the member that has
   * this kit. The rest of its data comes over the mesh, once that runs.
   */
  async join(
    text: string,
    names: Names,
    options: { kitWords?: string | undefined; signal?: AbortSignal } = {},
  ): Promise<Entered> {
    return this.#entering(async () => this.#join(text, names, options))
  }

  async #join(
    text: string,
    names: Names,
    { kitWords, signal }: { kitWords?: string | undefined; signal?: AbortSignal },
  ): Promise<Entered> {
    const link = readInviteLink(text)
    // The same kit again if the answer to an earlier try was lost: that one may be on the roster.
    const kit = kitWords === undefined ? await joiningKit(this.folder.joiningKitPath) : kitOfWords(kitWords)
    const joiner = { seed: this.key.seed, kit: kit.signer, ...names, ...(signal && { signal }) }
    const bytes = await askToJoin(link, joiner, this.crypto)
    const genesis = decodeGenesis(bytes)
    if (genesis === null)
      throw new CoopError('join-refused', 'the genesis record cannot be read', 'Bring both to one version.')
    const addresses = Buffer.from(link.addresses.join('\n'))
    await this.#store.write([
      { type: 'put', key: 'm/genesis', value: bytes },
      { type: 'put', key: 'm/sponsor', value: link.issuer },
      { type: 'put', key: `p/${toHex(link.issuer)}`, value: addresses },
    ])
    await this.#enter(bytes)
    const entered = this.#entered(genesis.name, kit)
    return kitWords === undefined ? entered : { ...entered, words: null, note: OWN_KIT_NOTE }
  }

  /** Makes an invite on this device's chain. */
  async invite(
    role: Role,
    uses: number,
    expiresMs: number,
  ): Promise<{ link: string; invite: string; expiresAtMs: number }> {
    const { engine, coop } = this.membership
    const secret = new Uint8Array(randomBytes(INVITE_SECRET_BYTES))
    const key = inviteSigner(secret, this.crypto.sha256).publicKey
    const expiresAtMs = Date.now() + expiresMs
    await engine.append([actSection({ t: 'invite', key, role, uses, expiresMs: expiresAtMs })])
    const addresses =
      this.#mesh?.inviteAddresses() ?? localAddresses().map((it) => `/ip4/${it}/tcp/${this.config.port}`)
    const link = formatInviteLink({
      coop,
      secret,
      issuer: this.signer.publicKey,
      expiresMs: expiresAtMs,
      addresses,
    })
    return { link, invite: toHex(key), expiresAtMs }
  }

  /** Withdraws an invite that this device issued. */
  async revoke(invite: string): Promise<void> {
    const key = fromHex(invite)
    const known = this.membership.engine.replica.authority.invites.get(invite)
    if (key === null || known === undefined) {
      throw new CoopError(
        'invite-unknown',
        'this co-op knows no such invite',
        'Run `coop members` to see open invites.',
      )
    }
    await this.membership.engine.append([actSection({ t: 'revoke', key })])
  }

  /** Starts the mesh, unless it was paused or there is no co-op yet. */
  async startMesh(): Promise<void> {
    await this.#withMesh(async () => {
      if (this.#membership === null || this.#mesh !== null || this.#isPaused || this.#isClosed) return
      const { engine, genesisBytes, sponsor, book, waiting } = this.#membership
      const { port, host, isMdnsOn, log } = this.config
      const { crypto, key } = this
      const handlers = {
        [ASSET_PROTOCOL]: this.desk.serve,
        [RIGHTS_PROTOCOL]: this.rights.serve,
        [RIGHTS_PROTOCOL_BEFORE]: this.rights.serveBefore,
      }
      const { incarnation } = this.#membership
      const isAsking = (): boolean => incarnation.question.isOpen
      const mesh = await Mesh.start({
        ...{ engine, crypto, seed: key.seed, genesis: genesisBytes, sponsor, book, waiting },
        ...{ log: log.child({ part: 'mesh' }), port, host, isMdnsOn, isAsking, handlers },
      }).catch((cause: unknown) => {
        this.meshFailure = asCoopError(cause)
        throw cause
      })
      this.meshFailure = null
      mesh.on('changed', () => this.emit('changed', ['peers', 'status']))
      mesh.on('superseded', (_, peer) => incarnation.question.claimed(peer))
      mesh.on('proven', (fork) => incarnation.proven(fork))
      mesh.on('compared', (peer, isSettled) => incarnation.question.answered(peer, isSettled))
      this.#mesh = mesh
      this.#meshSinceMs = Date.now()
      this.emit('changed', ['status', 'peers'])
    })
  }

  /** Takes the node off the mesh; it stays off over restarts until `resume`. Local work goes on. */
  async pause(): Promise<void> {
    this.needMembership()
    this.#isPaused = true
    await this.#store.write([{ type: 'put', key: 'm/paused', value: new Uint8Array() }])
    await this.#stopMesh()
  }

  /** Brings the node back on the mesh. */
  async resume(): Promise<void> {
    this.needMembership()
    this.#isPaused = false
    await this.#store.write([{ type: 'del', key: 'm/paused' }])
    await this.startMesh()
  }

  /** A writer on a board for the command line; one a board, with one session. */
  async boardWriter(name: string): Promise<BoardWriter> {
    const { engine } = this.membership
    const admission = await engine.admission()
    const board = await openBoard(engine, name)
    const known = this.#writers.get(name)
    if (known?.isGood === true) return known
    known?.close()
    const writer = new BoardWriter(engine, board, admission)
    this.#writers.set(name, writer)
    return writer
  }

  /**
   * One edit of a board. Where the board was made anew while the edit waited, nothing was written, and the same edit is made
   * in the new one.
   */
  async editBoard(name: string, edit: (writer: BoardWriter) => Promise<void>): Promise<void> {
    const writer = await this.boardWriter(name)
    const shown = (): unknown => this.membership.engine.replica.document(`board/${name}`)
    const before = shown()
    try {
      await edit(writer)
    } catch (cause) {
      if (!(cause instanceof CoopError) || cause.code !== 'refused' || shown() === before) throw cause
      await edit(await this.boardWriter(name))
    }
  }

  /** What this device keeps at hand has changed: it looks at once whether to ask for more. */
  tendRights(): void {
    this.#rightsHand?.look()
  }

  /** Ends everything in order; the folder can be opened again afterwards. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#stopMesh()
    await this.desk.repair.close()
    await this.#leave()
    await this.#store.close()
    await this.folder.close()
  }

  async #enter(genesisBytes: Uint8Array): Promise<void> {
    const genesis = decodeGenesis(genesisBytes)
    if (genesis === null) {
      throw new CoopError(
        'data-damaged',
        'the genesis record in the store is damaged',
        'Move the data folder aside and join again.',
      )
    }
    const { folder, crypto, signer, config } = this
    const coop = crypto.sha256(genesisBytes)
    const log = config.log.child({ coop: toHex(coop).slice(0, 8) })
    const boards = await BoardCache.open(folder.viewsPath, {
      ...{ sha256: crypto.sha256, log, findings: this.#store.findings },
    })
    const cached = (document: string, logName: Uint8Array): ReturnType<BoardCache['get']> =>
      boards.get(document, logName)
    const incarnation = await Incarnation.open({
      ...{ store: this.#store, device: signer.publicKey, folder: folder.path, log },
      stateFolder: config.statePath,
      canBeAnswered: () => this.#canBeAnswered(),
      // Pages bind again, to read and not to write.
      onSuperseded: () => {
        this.emit('reset')
        this.emit('changed', ['status'])
      },
    })
    const gate = incarnation
    const books = new BooksFile(folder.booksPath, VERSION, this.#store.findings)
    const engine = await Engine.open({ store: this.#store, crypto, signer, coop, log, cached, gate, books })
    await incarnation.judge(() => engine.replica, engine.isOwnChainIncomplete)
    const book = await AddressBook.open(this.#store)
    const waiting = await WaitingList.open(this.#store, () => this.emit('changed', ['members']))
    const marks = await MarksBook.open(this.#store)
    const sponsor = await this.#store.get('m/sponsor')
    this.#membership = {
      ...{ genesis, genesisBytes, coop, engine, boards, book, incarnation, waiting, marks },
      sponsor: sponsor === null ? null : toHex(sponsor),
    }
    engine.on('durable', ({ batch, own }) => {
      incarnation.noteDurable(own)
      const documents = new Set(batch.rows.flatMap((row) => row.documents))
      const what: Change[] = ['status']
      if (documents.has(AUTHORITY)) {
        what.push('members', 'peers')
        void this.keys.restateHolding()
      }
      if (documents.has('catalogue')) what.push('assets')
      if (documents.has(LEDGER)) what.push('ledger')
      if ([...documents].some((it) => it.startsWith(`${EVENT}/`))) what.push('tickets')
      if ([...documents].some((it) => it.startsWith('board/'))) what.push('boards')
      this.emit('changed', what)
      this.#keepLater()
    })
    engine.on('suspended', (suspension) => {
      log.warn({ ...suspension, name: this.desk.nameOf(suspension.device) }, 'a device wrote two histories')
      this.emit('changed', ['status', 'members', 'peers'])
    })
    engine.on('holes', () => this.emit('changed', ['status', 'boards']))
    engine.on('failed', () => this.emit('changed', ['status']))
    engine.on('reset', () => void this.#restartAfterReset())
    // Pages and writers hold the old state; they bind again.
    engine.on('rebuilt', () => {
      this.#closeWriters()
      this.emit('reset')
      this.emit('changed', ['status', 'assets', 'boards', 'members', 'ledger', 'tickets'])
    })
    const inTouch = (): readonly string[] => this.#mesh?.connectedDevices() ?? []
    this.#hand = new BallotHand({ engine, log: log.child({ part: 'ballot' }), inTouch })
    const { ledger, rights } = this
    this.#rightsHand = new RightsHand({ engine, ledger, rights, marks, log: log.child({ part: 'rights' }) })
    const holds = (unit: string): bigint => ledger.spendable(unit)
    this.#ticketHand = new TicketHand({ engine, holds, log: log.child({ part: 'tickets' }) })
    this.emit('changed', ['status', 'members', 'peers', 'assets', 'boards', 'ledger', 'tickets'])
    void this.keys.restateHolding()
  }

  /** Keeps documents once it is quiet: a state hash costs as much as its document is large. */
  #keepLater(): void {
    if (this.#keepTimer !== null) {
      if (Date.now() - this.#keepSinceMs < KEEP_BOARDS_WITHIN_MS) this.#keepTimer.refresh()
      return
    }
    this.#keepSinceMs = Date.now()
    this.#keepTimer = setTimeout(() => {
      this.#keepTimer = null
      this.#keepBoards().catch((cause: unknown) => {
        // While a node ends it keeps them itself.
        if (!this.#isClosed) this.config.log.warn({ err: cause }, 'boards could not be kept')
      })
    }, KEEP_BOARDS_AFTER_MS)
  }

  /** Ends what `#enter` began; the store stays open. */
  async #leave(): Promise<void> {
    if (this.#keepTimer !== null) clearTimeout(this.#keepTimer)
    this.#keepTimer = null
    this.#hand?.close()
    this.#hand = null
    this.#rightsHand?.close()
    this.#rightsHand = null
    this.#ticketHand?.close()
    this.#ticketHand = null
    await this.gate.flush()
    if (this.#membership === null) return
    const { engine, boards, incarnation } = this.#membership
    await engine.durable().catch(() => {
      // Whoever wrote has been told; closing goes on.
    })
    await this.#keepBoards().catch((cause: unknown) => {
      // They are made anew from the log.
      this.config.log.warn({ err: cause }, 'boards could not be kept')
    })
    await engine.close()
    await boards.close()
    await incarnation.close().catch((cause: unknown) => {
      // It looks like an unclean stop then: the next start asks a peer first.
      this.config.log.warn({ err: cause }, 'the end of this run could not be noted')
    })
  }

  /**
   * Puts a key that `helper` admitted, and that lies in the folder, in the place of the present one, and starts everything
   * that stands on it anew. After a crash in the middle the folder has the old key or all of the new one.
   */
  async changeKey(nextKey: DeviceKey, helper: Uint8Array): Promise<void> {
    if (this.#isClosed) throw new CoopError('interrupted', 'the node is ending', 'Run the command again.')
    const { keyPath, nextKeyPath } = this.folder
    const { genesisBytes } = this.membership
    const next = nodeSigner(nextKey.seed)
    await this.#stopMesh()
    this.#closeWriters()
    await this.#leave()
    try {
      const change = { former: this.signer.publicKey, next: next.publicKey, helper, atMs: Date.now() }
      await this.#store.write([beginKeyChange(change)])
      await adoptNextKey(keyPath, nextKeyPath)
      this.#key = nextKey
      this.#signer = next
      await finishKeyChange(this.#store, next.publicKey)
    } finally {
      // With the old key if it is still in its place.
      await this.#enter(genesisBytes)
      this.emit('reset')
      await this.startMesh()
    }
  }

  /** True while it is of use that a write waits for what a peer knows of this device. */
  #canBeAnswered(): boolean {
    if (this.#isPaused || this.#isClosed || this.meshFailure !== null) return false
    if (this.membership.engine.replica.authority.devices.size < 2) return false
    if (this.#mesh === null) return true // it is about to start
    return this.#mesh.connectedDevices().length > 0 || Date.now() - this.#meshSinceMs < ASK_TIMEOUT_MS
  }

  #closeWriters(): void {
    for (const writer of this.#writers.values()) writer.close()
    this.#writers.clear()
  }

  /** The replica was rebuilt: sessions and writers of the old one are gone. */
  async #restartAfterReset(): Promise<void> {
    this.#closeWriters()
    this.emit('reset')
    await this.#stopMesh()
    await this.startMesh().catch((cause: unknown) =>
      this.config.log.error({ err: cause }, 'the mesh did not start again'),
    )
    this.emit('changed', ['status', 'members', 'peers', 'assets', 'boards', 'ledger', 'tickets'])
  }

  async #stopMesh(): Promise<void> {
    await this.#withMesh(async () => {
      const mesh = this.#mesh
      this.#mesh = null
      await mesh?.stop()
      this.emit('changed', ['status', 'peers'])
    })
  }

  async #withMesh(work: () => Promise<void>): Promise<void> {
    const done = this.#meshWork.then(work)
    this.#meshWork = done.catch(() => {
      // Whoever asked for this work is told; the next one starts from where it left.
    })
    await done
  }

  async #keepBoards(): Promise<void> {
    const { engine, boards } = this.membership
    if (engine.failure !== null && !this.#isClosed) return
    const { replica } = engine
    for (const id of replica.documentIds()) {
      const state = replica.document(id)
      const isKept = replica.documentLog(id)?.isContested === false && engine.isWritten(id)
      if (state instanceof BoardState && isKept) await boards.save(state, engine.logName)
    }
    await engine.keepSummaries()
  }

  /** Founds or joins, one at a time: two at once would write two co-ops into one folder. */
  async #entering(work: () => Promise<Entered>): Promise<Entered> {
    this.#refuseSecond()
    if (this.#isEntering) {
      throw new CoopError(
        'refused',
        'this node is founding or joining a co-op just now',
        'Wait until that is done.',
      )
    }
    this.#isEntering = true
    try {
      const entered = await work()
      await rm(this.folder.joiningKitPath, { force: true }).catch((cause: unknown) =>
        this.config.log.error({ err: cause }, 'the recovery key of the joining could not be removed'),
      )
      return entered
    } finally {
      this.#isEntering = false
    }
  }

  #refuseSecond(): void {
    if (this.#membership === null) return
    throw new CoopError(
      'already-founded',
      `this data folder already belongs to the co-op "${this.#membership.genesis.name}"`,
      'Use another data folder (--data DIR) for another co-op.',
    )
  }

  #entered(name: string, kit: { words: string; signer: Signer }): Entered {
    const member = toHex(kit.signer.publicKey)
    return {
      coop: toHex(this.membership.coop),
      name,
      device: this.device,
      member,
      words: kit.words,
      note: KIT_NOTE,
    }
  }
}
