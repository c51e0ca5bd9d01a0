import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Where Debian puts the tools that accountants read our books with. */
const TOOLS = {
  beanCheck: '/usr/bin/bean-check',
  beanQuery: '/usr/bin/bean-query',
  hledger: '/usr/bin/hledger',
  python: '/usr/bin/python3',
}

/** True when Debian's `beancount` is installed; tests say that they were skipped when not. */
export const HAS_BEANCOUNT: boolean = existsSync(TOOLS.beanCheck) && existsSync(TOOLS.beanQuery)
/** True when Debian's `hledger` is installed; tests say that they were skipped when not. */
export const HAS_HLEDGER: boolean = existsSync(TOOLS.hledger)

/** What a run of a tool said. */
export interface ToolRun {
  code: number
  stdout: string
  stderr: string
}

/** Runs `bean-check` on a file: it says nothing, with code 0, where the books are right. */
export async function beanCheck(file: string): Promise<ToolRun> {
  return run(TOOLS.beanCheck, ['--no-cache', file])
}

/** CSV of account, commodity and sum, unrounded: `bean-query` rounds sums to the decimal places that are most frequent. */
export async function beanSums(file: string): Promise<ToolRun> {
  return run(TOOLS.python, ['-c', SUMS, file])
}

/** Rows of a query of beancount, as CSV. */
export async function beanQuery(file: string, query: string): Promise<ToolRun> {
  return run(TOOLS.beanQuery, ['-q', '-f', 'csv', file, query])
}

/** Runs hledger on a file. */
export async function hledger(file: string, ...args: string[]): Promise<ToolRun> {
  return run(TOOLS.hledger, ['-f', file, ...args])
}

const SUMS = `
import sys
from collections import defaultdict
from decimal import Decimal
from beancount import loader
from beancount.core.data import Transaction
entries, errors, _ = loader.load_file(sys.argv[1])
assert not errors
sums = defaultdict(Decimal)
for entry in entries:
    if isinstance(entry, Transaction):
        for posting in entry.postings:
            sums[posting.account, posting.units.currency] += posting.units.number
print('account,commodity,balance')
for (account, commodity), number in sums.items():
    print(f'{account},{commodity},{number:f}')
`

async function run(path: string, args: string[]): Promise<ToolRun> {
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8', BEANCOUNT_DISABLE_LOAD_CACHE: '1' }
    execFile(path, args, { encoding: 'utf8', env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr })
    })
  })
}
