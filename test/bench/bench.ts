import { benchAppend } from './append.ts'
import { benchAuthority } from './authority.ts'
import { benchBucket } from './bucket.ts'
import { benchCatchUp } from './catch-up.ts'
import { benchFetch } from './fetch.ts'
import { benchFoldLedger } from './fold-ledger.ts'
import { benchGate } from './gate.ts'
import { benchGateOpen } from './gate-open.ts'
import { benchIdle } from './idle.ts'
import { benchLive } from './live.ts'
import { benchOpenLedger } from './open-ledger.ts'
import { benchOpen } from './open.ts'
import { benchPipeline } from './pipeline.ts'
import { benchSale } from './sale.ts'
import { benchSimEvents } from './sim-events.ts'
import { benchSimWorld } from './sim-world.ts'
import { benchTicket } from './ticket.ts'

/** `npm run bench [-- catch-up|append|authority|bucket|live|open|open-ledger|fetch|fold-ledger|gate|gate-open|idle|pipeline|sale|sim-events|sim-world|ticket]`: all of them, or those that are named. */
const BENCHES: Record<string, () => Promise<void>> = {
  'catch-up': benchCatchUp,
  append: benchAppend,
  authority: benchAuthority,
  bucket: benchBucket,
  live: benchLive,
  open: benchOpen,
  'open-ledger': benchOpenLedger,
  fetch: benchFetch,
  'fold-ledger': benchFoldLedger,
  gate: benchGate,
  'gate-open': benchGateOpen,
  idle: benchIdle,
  pipeline: benchPipeline,
  sale: benchSale,
  'sim-events': benchSimEvents,
  'sim-world': benchSimWorld,
  ticket: benchTicket,
}

const wanted = process.argv.slice(2)
for (const name of wanted.length === 0 ? Object.keys(BENCHES) : wanted) {
  const bench = BENCHES[name]
  if (bench === undefined)
    throw new Error(`no benchmark '${name}'; there are ${Object.keys(BENCHES).join(', ')}`)
  await bench()
}
process.exit(0)
