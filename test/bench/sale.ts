import { mkdtemp, rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { CoopNode } from '#node/host'
import { percentile, perSecond, printFigure } from './figure.ts'

/** Sales one after the other, for the time of one. */
const ALONE = 1_000
/** Sales of many lanes at once, for the rate. */
const TOGETHER = Number(process.env['BENCH_SALES'] ?? 20_000)
const LANES = 50
const QUERIES = 500

/**
 * A sale on one node: stock consumed and money issued, one commit, fsynced. Beside it SQLite doing the same: one transaction a
 * sale, write-ahead log, `synchronous=FULL`, which cannot share an fsync between sales of one process.
 */
export async function benchSale(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'coop-bench-'))
  const node = await openNode(join(folder, 'node'))
  try {
    await node.found('Bench', { memberName: 'Ada', deviceName: 'till' })
    const stock = await node.ledger.define({ code: 'POSTER', kind: 'stock' })
    const money = await node.ledger.define({ code: 'EUR', kind: 'money' })
    await node.authority.propose(
      [{ kind: 'allow', right: 'issue', device: node.device, unit: 'EUR', amount: '100000000.00' }],
      '',
    )
    await node.ledger.write([{ type: 'issue', unit: 'POSTER', amount: '2000000' }])
    const sale = async (): Promise<void> => {
      await node.ledger.write([
        { type: 'consume', unit: stock.unit, amount: '1' },
        { type: 'issue', unit: money.unit, amount: '12.50' },
      ])
    }
    await repeat(200, LANES, sale)
    const alone = await repeat(ALONE, 1, sale)
    const startMs = performance.now()
    await repeat(TOGETHER, LANES, sale)
    const rate = (TOGETHER * 1_000) / (performance.now() - startMs)
    const sqlite = sqliteSales(join(folder, 'sales.sqlite'))
    const p99 = percentile(alone, 99)
    const p50 = percentile(alone, 50)
    printFigure(
      'one sale, fsynced',
      `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)} ms`,
      `limit p99 12 ms; SQLite p99 ${percentile(sqlite, 99).toFixed(1)} ms`,
    )
    const sqliteRate = 1_000 / (sqlite.reduce((sum, it) => sum + it, 0) / sqlite.length)
    printFigure(
      `sales of ${LANES} lanes at once`,
      `${perSecond(rate)}/s`,
      `asked 1,500/s; SQLite, one after the other, ${perSecond(sqliteRate)}/s (${(rate / sqliteRate).toFixed(2)})`,
    )
    const queries: number[] = []
    for (let i = 0; i < QUERIES; i += 1) {
      const atMs = performance.now()
      node.ledger.balances({})
      queries.push(performance.now() - atMs)
    }
    printFigure(
      'all balances of one node',
      `p99 ${percentile(queries, 99).toFixed(2)} ms`,
      `${2 * (TOGETHER + ALONE)} entries; limit 5 ms`,
    )
  } finally {
    await node.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function openNode(dataPath: string): Promise<CoopNode> {
  const log = pino({ level: 'error' })
  const mesh = { port: 0, host: '127.0.0.1', isMdnsOn: false }
  return CoopNode.open({ dataPath, statePath: null, passphrase: undefined, ...mesh, log })
}

/** Does something `count` times in so many lanes; how long each took, ms. */
async function repeat(count: number, lanes: number, work: () => Promise<void>): Promise<number[]> {
  const took: number[] = []
  let left = count
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      const startMs = performance.now()
      await work()
      took.push(performance.now() - startMs)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return took
}

function sqliteSales(path: string): number[] {
  const database = new DatabaseSync(path)
  database.exec('pragma journal_mode=wal; pragma synchronous=full')
  database.exec('create table held (unit text primary key, amount integer not null check (amount >= 0))')
  database.exec(
    'create table entry (id integer primary key, unit text, kind text, amount integer, at integer)',
  )
  database.exec("insert into held values ('POSTER', 1000000), ('EUR', 0)")
  const take = database.prepare("update held set amount = amount - 1 where unit = 'POSTER'")
  const give = database.prepare("update held set amount = amount + 1250 where unit = 'EUR'")
  const enter = database.prepare('insert into entry (unit, kind, amount, at) values (?, ?, ?, ?)')
  const took: number[] = []
  for (let i = 0; i < ALONE; i += 1) {
    const startMs = performance.now()
    database.exec('begin')
    take.run()
    give.run()
    enter.run('POSTER', 'consume', 1, Date.now())
    enter.run('EUR', 'issue', 1250, Date.now())
    database.exec('commit')
    took.push(performance.now() - startMs)
  }
  database.close()
  return took
}
