/**
 * The page's style. Colours are chosen to differ in lightness, not only in hue, each at least 4.5 to 1 against what text stands on; what
 * is dead is hatched as well.
 */
export const STYLE = `
:root{color-scheme:light;--paper:#fff;--ink:#1b1f24;--dim:#57606a;--line:#d0d7de;--soft:#f4f6f8;--bad:#b3261e;--warn:#8a5300;--good:#0a5cad;--alive:#2f6fb0;--idle:#9fb0c3;--waits:#c77700;--closing:#7a4fc0;--focus:#0a5cad}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){color-scheme:dark;--paper:#0d1117;--ink:#e6edf3;--dim:#a3adb8;--line:#30363d;--soft:#161b22;--bad:#ff8078;--warn:#e8b04a;--good:#79b8ff;--alive:#5aa2e6;--idle:#4d5c6e;--waits:#e8b04a;--closing:#b392f0;--focus:#79b8ff}}
:root[data-theme=dark]{color-scheme:dark;--paper:#0d1117;--ink:#e6edf3;--dim:#a3adb8;--line:#30363d;--soft:#161b22;--bad:#ff8078;--warn:#e8b04a;--good:#79b8ff;--alive:#5aa2e6;--idle:#4d5c6e;--waits:#e8b04a;--closing:#b392f0;--focus:#79b8ff}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1200px;margin:0 auto;padding:16px 24px 64px}
h1{font-size:1.5rem;line-height:1.25;margin:.6em 0}
h2{font-size:1.15rem;margin:2em 0 .5em;overflow-wrap:anywhere}
h3{font-size:1rem;margin:0}
p,li,dd{overflow-wrap:anywhere}
header{border-left:6px solid var(--line);padding-left:16px}
header.half-dead{border-color:var(--bad)}header.suspect,header.inconclusive{border-color:var(--warn)}header.healthy{border-color:var(--good)}
.half-dead h1{color:var(--bad)}.suspect h1,.inconclusive h1{color:var(--warn)}.healthy h1{color:var(--good)}
.summary{font-size:1.1rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:.8em 0}
dt{color:var(--dim)}dd{margin:0}
code{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--soft);border:1px solid var(--line);border-radius:4px;padding:0 4px;overflow-wrap:anywhere}
button,select{font:inherit;color:inherit;background:var(--soft);border:1px solid var(--line);border-radius:4px;padding:2px 8px;min-height:28px}
button.copy{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;padding:0 4px;min-height:24px;text-align:left;overflow-wrap:anywhere;cursor:copy}
button:hover,button[aria-pressed=true]{border-color:var(--focus)}
:focus-visible{outline:2px solid var(--focus);outline-offset:2px}
.bar{position:sticky;top:0;z-index:1;display:flex;flex-wrap:wrap;gap:8px;align-items:center;padding:8px 0;background:var(--paper);border-bottom:1px solid var(--line)}
.bar[hidden]{display:none}
.bar output{flex:1 1 100%;min-height:1.5em;color:var(--dim);overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.wide{overflow-x:auto;margin:1em 0 .3em}
table{border-collapse:collapse;width:100%;font-size:14px}
caption{text-align:left;font-weight:600;padding:4px 0}
th,td{text-align:left;vertical-align:top;padding:3px 10px 3px 0;border-bottom:1px solid var(--line)}
th{color:var(--dim);font-weight:600;white-space:nowrap}
.r{text-align:right}
td>code{display:inline-block;min-width:14em}td>code.copy{min-width:0}
tr.on{background:var(--soft)}
.more{color:var(--dim)}
.finding{border:1px solid var(--line);border-radius:6px;padding:10px 14px;margin:10px 0}
.finding p{margin:.4em 0}
.severity{display:inline-block;min-width:5em}
.critical{color:var(--bad)}.warning{color:var(--warn)}.info{color:var(--dim)}
figure{margin:1em 0}figcaption{color:var(--dim);font-size:13px}
.plot{border:1px solid var(--line);border-radius:6px;padding:4px 8px;touch-action:pan-y}
svg.lanes{display:block;overflow:hidden}
svg.defs{position:absolute}
svg.lane,svg.m,.ticks svg{overflow:visible}
svg text{fill:var(--ink);font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
svg text.name{font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;paint-order:stroke;stroke:var(--paper);stroke-width:4px}
svg text.window{fill:var(--bad);font-weight:700}
.ticks path{stroke:var(--line)}.ticks text{fill:var(--dim)}
.alive{fill:var(--alive)}.idle{fill:var(--idle)}.unanswered{fill:var(--waits)}.closing{fill:var(--closing)}.closed{fill:none}
rect.dead{fill:url(#hatch);stroke:var(--bad)}
rect.half-dead{fill:var(--bad);stroke:var(--bad)}
rect.onset{fill:url(#dots);stroke:none}
#hatch path{stroke:var(--bad);stroke-width:2}#dots circle{fill:var(--bad)}
svg.m path{stroke:var(--ink);stroke-width:2}
svg.m text{text-anchor:middle;font-weight:700}
svg.m text.over{display:none}
.m.rst,.m.goaway,.m.rst-stream,.m.retransmission{color:var(--bad)}
svg.m.rst path,svg.m.goaway path,svg.m.rst-stream path,svg.m.retransmission path{stroke:var(--bad)}
svg.m.rst text,svg.m.goaway text,svg.m.rst-stream text,svg.m.retransmission text{fill:var(--bad)}
svg.m.data path,svg.m.response path{stroke:var(--dim)}
svg.m.on path{stroke-width:5}
.js svg.m{cursor:pointer}.js svg.lanes{cursor:grab}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;list-style:none;padding:0;margin:.5em 0;color:var(--dim);font-size:13px}
.legend b{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.lane.off{opacity:.25}
[hidden]{display:none}
footer{margin-top:3em;color:var(--dim);font-size:13px}
@media (max-width:600px){main{padding:8px 12px 48px}dl{grid-template-columns:1fr}dt{margin-top:6px}}
@page{size:A4;margin:14mm}
@media print{
:root,:root[data-theme=dark],:root:not([data-theme=light]){color-scheme:light;--paper:#fff;--ink:#000;--dim:#444;--line:#bbb;--soft:#f4f4f4;--bad:#a01b14;--warn:#704300;--good:#084a8c;--alive:#2f6fb0;--idle:#9fb0c3;--waits:#c77700;--closing:#7a4fc0}
body{font-size:10.5pt}main{max-width:none;padding:0}
.bar,.tools{display:none}
.wide{overflow:visible}table{font-size:9pt}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
figure,.finding,tr{break-inside:avoid}h2,h3,caption{break-after:avoid}
}
`;
