// What can be seen of each panel, for the test to judge.

interface Seen {
  title: string;
  /** Every text in the panel's body. */
  texts: string[];
  /** Texts that run out of what holds them. */
  cut: string[];
  /** Headings of a table. */
  headings: string[];
  /** Coloured points of a chart's canvas; -1 without one. */
  painted: number;
}

export function seen(): Record<string, Seen> {
  const panels = [...document.querySelectorAll<HTMLElement>('[data-panel]')];
  return Object.fromEntries(panels.map((panel) => [panel.dataset.panel, look(panel)]));
}

function look(panel: HTMLElement): Seen {
  const title = panel.querySelector('h2');
  const texts: string[] = [];
  const cut: string[] = [];
  const walker = document.createTreeWalker(panel, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.textContent!.trim();
    if (!text || node.parentElement!.closest('style')) continue;
    if (!title?.contains(node)) texts.push(text);
    if (isCut(node, panel)) cut.push(text);
  }
  const headings = [...panel.querySelectorAll('[role=columnheader]')].map((cell) => cell.textContent!.trim());
  return { title: title?.textContent ?? '', texts, cut, headings, painted: painted(panel) };
}

function isCut(node: Node, panel: HTMLElement): boolean {
  const range = document.createRange();
  range.selectNodeContents(node);
  const text = range.getBoundingClientRect();
  if (text.width === 0 || text.height === 0) return true;
  const rows = node.parentElement!.closest('[role=grid]');
  for (let around = node.parentElement!; ; around = around.parentElement!) {
    const { overflowX } = getComputedStyle(around);
    const frame = around.getBoundingClientRect();
    // Rows of a table are there to be scrolled through; its columns and the curves of a legend are not.
    const below = !rows && text.bottom > frame.bottom + 4;
    const out = text.left < frame.left - 1 || text.right > frame.right + 1 || below;
    if (out && (overflowX !== 'visible' || around === panel)) return true;
    if (around === panel) return false;
  }
}

function painted(panel: HTMLElement): number {
  const canvas = panel.querySelector('canvas');
  if (!canvas) return -1;
  const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
  let points = 0;
  for (let at = 0; at < data.length; at += 4) {
    const [red, green, blue] = [data[at], data[at + 1], data[at + 2]];
    if (data[at + 3] > 0 && Math.max(red, green, blue) - Math.min(red, green, blue) > 40) points += 1;
  }
  return points;
}
