/**
 * Text of other people, as it can be shown: characters that are not seen, or that turn the direction, are written out as
 * `\u{…}`; so are, in a word of Latin letters, letters of other scripts that look like Latin ones.
 */
export function shownText(text: string): string {
  return text
    .replaceAll(HIDDEN, written)
    .replaceAll(WORD, (word) => (LATIN.test(word) ? word.replaceAll(LOOK_ALIKE, written) : word))
}

/** What a name looks like: two names with one look are easily taken for each other. */
export function lookOf(name: string): string {
  const plain = name.normalize('NFKD').replaceAll(MARKS, '').replaceAll(HIDDEN, '').toLowerCase()
  return plain.replaceAll(/./gsu, (char) => LOOKS.get(char) ?? char).replaceAll(/\s+/g, ' ')
}

function written(char: string): string {
  return `\\u{${char.codePointAt(0)?.toString(16) ?? '?'}}`
}

const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu
const WORD = /[\p{L}\p{M}\p{N}]+/gu
const LATIN = /\p{Script=Latin}/u
const LOOK_ALIKE = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/gu
const MARKS = /\p{M}/gu

/**
 * Letters and digits that are drawn like Latin letters in usual fonts, in lower case: those of Cyrillic and Greek that
 * Unicode's confusables (UTS 39) give for one letter, and the digits that stand for letters.
 */
const LOOKS: ReadonlyMap<string, string> = new Map(
  [
    ['аα', 'a'],
    ['в', 'b'],
    ['сϲ', 'c'],
    ['ԁ', 'd'],
    ['еє', 'e'],
    ['ԍ', 'g'],
    ['нһη', 'h'],
    ['іιl1|ı', 'i'],
    ['јϳ', 'j'],
    ['кκ', 'k'],
    ['мμ', 'm'],
    ['ո', 'n'],
    ['оοσ0օ', 'o'],
    ['рρ', 'p'],
    ['ԛ', 'q'],
    ['г', 'r'],
    ['ѕ', 's'],
    ['тτ', 't'],
    ['υս', 'u'],
    ['ѵν', 'v'],
    ['ԝω', 'w'],
    ['хχ', 'x'],
    ['уγ', 'y'],
    ['ζ', 'z'],
  ].flatMap(([from = '', to = '']) => Array.from(from, (char) => [char, to] as const)),
)
