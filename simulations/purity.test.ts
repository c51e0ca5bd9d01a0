import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** What would make two runs of one seed differ, and what to use instead. */
const BANNED: [RegExp, string][] = [
  [/\bMath\.random\b/, 'a stream of sim.random'],
  [/\b(Date\.now|new Date|performance\.now|process\.hrtime)\b/, 'sim.nowUs'],
  [/\b(setTimeout|setInterval|setImmediate|queueMicrotask)\b/, 'sim.after or Timers'],
  [/\b(crypto\.getRandomValues|randomBytes|randomUUID|randomInt)\b/, 'a stream of sim.random'],
  [
    /\bMath\.(log|log2|log10|log1p|exp|expm1|pow|sin|cos|tan|asin|acos|atan|atan2|sinh|cosh|tanh|cbrt|hypot)\b/,
    'portable-math: engines may differ in the last bit',
  ],
  [/[\w)\]] \*\* /, 'a product, or pow of portable-math'],
  [/\b(localeCompare|Intl|toLocale\w+)\b/, 'comparison by code unit: locales differ between machines'],
  [/from '#(node|apps)\//, 'a port that is handed in'],
  [/from 'node:/, 'a port that is handed in; only cli, runs, report and campaign talk to the machine'],
]

/** Folders that run simulations on a real machine: they may read files and clocks. */
const HOSTS = ['cli', 'runs', 'report', 'campaign']

/** What is banned in a text, one line of words each. Comments may name what the code must not use. */
function problemsOf(text: string, name: string): string[] {
  return text.split('\n').flatMap((line, i) => {
    if (/^\s*(\/\/|\*|\/\*)/.test(line)) return []
    const broken = BANNED.filter(([pattern]) => pattern.test(line))
    return broken.map(([, instead]) => `${name}:${i + 1}: ${line.trim()} (use ${instead})`)
  })
}

test('nothing that is simulated depends on the machine', () => {
  const found: string[] = []
  let files = 0
  const root = import.meta.dirname
  for (const entry of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!entry.endsWith('.ts') || entry.endsWith('.test.ts') || HOSTS.includes(entry.split('/')[0] ?? ''))
      continue
    files += 1
    found.push(...problemsOf(readFileSync(join(root, entry), 'utf8'), entry))
  }
  expect(found).toEqual([])
  expect(files).toBeGreaterThan(20)
})

test('each ban catches what it names', () => {
  const planted = [
    'const seed = Math.random()',
    'const now = Date.now()',
    'setTimeout(() => wake(), 5)',
    'const key = randomBytes(16)',
    'return -mean * Math.log(1 - share)',
    'return (a - b) ** 2',
    'names.sort((a, b) => a.localeCompare(b))',
    "import { Store } from '#node/store'",
    "import { readFileSync } from 'node:fs'",
  ]
  expect(planted.map((line) => problemsOf(line, 'planted').length)).toEqual(planted.map(() => 1))
  expect(problemsOf('// Math.random', 'planted')).toEqual([])
})
