import type { Ledger } from './ledger-types.ts'
import type { NodeClient } from './node-client.ts'
import { NodeError } from './node-client.ts'
import type { Asset, BoardSummary, Members, Peer, Status, Topic } from './node-types.ts'

/** What the page shows. Parts are null until they have been loaded once and then stay, even while away. */
export interface Snapshot {
  /** `refused`: the access code is not the node's. */
  link: 'connecting' | 'live' | 'away' | 'refused'
  status: Status | null
  members: Members | null
  peers: Peer[] | null
  assets: Asset[] | null
  boards: BoardSummary[] | null
  ledger: Ledger | null
}

const TOPICS: readonly Topic[] = ['status', 'members', 'peers', 'assets', 'boards', 'ledger']
/** First pause before connecting again; it doubles up to RETRY_MS_MAX. */
export const RETRY_MS_MIN = 500
/** Longest pause before connecting again. A guess: what people wait before they reload. */
export const RETRY_MS_MAX = 8_000

/** Keeps a copy of the node's state up to date, for as long as it runs. */
export class LiveState {
  #snapshot: Snapshot = {
    link: 'connecting',
    status: null,
    members: null,
    peers: null,
    assets: null,
    boards: null,
    ledger: null,
  }
  readonly #client: NodeClient
  readonly #onChange: (snapshot: Snapshot) => void
  readonly #stop = new AbortController()
  readonly #loading = new Map<Topic, { isStale: boolean }>()
  #wake: (() => void) | null = null

  constructor(client: NodeClient, onChange: (snapshot: Snapshot) => void) {
    this.#client = client
    this.#onChange = onChange
  }

  /** Connects, and again whenever the connection breaks, until `stop` or until the code is refused. */
  async run(): Promise<void> {
    const wakeUp = (): void => this.#wake?.()
    addEventListener('online', wakeUp)
    document.addEventListener('visibilitychange', wakeUp)
    let retryMs = RETRY_MS_MIN
    while (!this.#stop.signal.aborted) {
      try {
        const onOpen = (): void => {
          retryMs = RETRY_MS_MIN
          void this.refresh(TOPICS).then(() => this.#set({ link: 'live' }))
        }
        await this.#client.events(onOpen, (topics) => void this.refresh(topics), this.#stop.signal)
      } catch (thrown) {
        if (this.#stop.signal.aborted) break
        const isRefused = thrown instanceof NodeError && thrown.status === 401
        this.#set({ link: isRefused ? 'refused' : 'away' })
        if (isRefused) break
      }
      await this.#pause(retryMs)
      retryMs = Math.min(retryMs * 2, RETRY_MS_MAX)
    }
    removeEventListener('online', wakeUp)
    document.removeEventListener('visibilitychange', wakeUp)
  }

  /** Ends `run`; nothing is reported afterwards. */
  stop(): void {
    this.#stop.abort()
    this.#wake?.()
  }

  /** Loads these parts again. Failures are left to the event stream, which breaks on its own. */
  async refresh(topics: readonly Topic[]): Promise<void> {
    // Whatever changes may change a document's hash or a warning as well.
    if (topics.length > 0) await this.#load('status')
    if (this.#snapshot.status?.coop == null) return
    // The node tells of more than this page shows.
    const asked = new Set(topics.filter((it) => TOPICS.includes(it)))
    asked.delete('status')
    // Seals give rights to issue, and who is connected can be asked for what it holds.
    if (asked.has('members') || asked.has('peers')) asked.add('ledger')
    await Promise.all([...asked].map((topic) => this.#load(topic)))
  }

  async #load(topic: Topic): Promise<void> {
    const running = this.#loading.get(topic)
    if (running !== undefined) {
      running.isStale = true
      return
    }
    const load = { isStale: true }
    this.#loading.set(topic, load)
    try {
      while (load.isStale) {
        load.isStale = false
        this.#set({ [topic]: await this.#client[topic]() })
      }
    } catch (thrown) {
      if (!(thrown instanceof NodeError)) throw thrown
      if (thrown.status === 401) this.#set({ link: 'refused' })
    } finally {
      this.#loading.delete(topic)
    }
  }

  #set(change: Partial<Snapshot>): void {
    if (this.#stop.signal.aborted) return
    this.#snapshot = { ...this.#snapshot, ...change }
    this.#onChange(this.#snapshot)
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
