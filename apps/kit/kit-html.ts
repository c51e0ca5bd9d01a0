import type { KitSheet } from './kit-sheet.ts'
import { qrPath } from './qr-path.ts'

/** The sheet as a page of its own that needs nothing else. `css`: content of `kit.css`. */
export function kitHtml(sheet: KitSheet, css: string): string {
  const { path, size } = qrPath(sheet.code, 'M')
  const facts = sheet.facts.map(({ name, value, isCode }) => {
    const shown = isCode ? `<code>${escape(value)}</code>` : `<bdi>${escape(value)}</bdi>`
    return `<div><dt>${escape(name)}</dt><dd>${shown}</dd></div>`
  })
  const advice = sheet.advice.map(({ title, steps }) => {
    const items = steps.map(({ text, code }) => {
      const typed = code === undefined ? '' : ` <code>${escape(code)}</code>`
      return `<li>${escape(text)}${typed}</li>`
    })
    return `<section><h2>${escape(title)}</h2><ol>${items.join('')}</ol></section>`
  })
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>Recovery kit</title>
<style>
${css}</style>
</head>
<body class="kit-page">
<main class="kit-sheet">
<h1>Recovery kit</h1>
<div class="kit-top">
<dl class="kit-facts">${facts.join('')}</dl>
<svg class="kit-code" viewBox="0 0 ${size} ${size}" role="img" aria-label="QR code of the words" shape-rendering="crispEdges"><rect width="${size}" height="${size}"/><path d="${path}"/></svg>
</div>
<ol class="kit-words">${sheet.words.map((word) => `<li>${escape(word)}</li>`).join('')}</ol>
${advice.join('\n')}
</main>
</body>
</html>
`
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.codePointAt(0) ?? 0};`)
}
