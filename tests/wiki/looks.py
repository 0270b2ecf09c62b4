"""What keeps people from reading and using a page, as JavaScript that finds it."""

# The text that stands in the way of being read: less contrast than WCAG's AA asks for. A canvas tells what a colour is.
FAINT_TEXTS = """
const pen = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
const parts = (colour) => {
  pen.clearRect(0, 0, 1, 1); pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1);
  return [...pen.getImageData(0, 0, 1, 1).data];
};
const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
const ground = (element) => {
  for (; element; element = element.parentElement) {
    const colour = parts(getComputedStyle(element).backgroundColor);
    if (colour[3] === 255) return colour;
  }
  throw new Error('The page has no ground.');
};
const faint = [];
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement, style = getComputedStyle(element);
  if (!texts.currentNode.data.trim() || !element.checkVisibility() || element.closest('.spoken, option')) continue;
  const [one, two] = [light(parts(style.color)), light(ground(element))];
  const contrast = (Math.max(one, two) + .05) / (Math.min(one, two) + .05);
  if (contrast < 4.5 || style.opacity < 1) faint.push(`${contrast.toFixed(2)}: ${texts.currentNode.data.trim()}`);
}
return faint;
"""

# What somebody who does not see the page has no name for, or cannot find their way by.
NAMELESS = """
const visible = (selector) => [...document.querySelectorAll(selector)].filter(e => e.checkVisibility());
const name = (e) => e.getAttribute('aria-label') || [...(e.labels || [])].map(l => l.textContent).join('')
  || (e.matches('[type=submit]') && e.value) || (e.matches('input') ? '' : e.textContent);
const wrong = visible('a, button, input:not([type=hidden]), select, textarea, summary, nav, section, [role=region]')
  .filter(e => !(name(e).trim() || document.getElementById(e.getAttribute('aria-labelledby')))).map(e => e.outerHTML);
const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
wrong.push(...ids.filter((id, place) => ids.indexOf(id) !== place).map(id => `twice: ${id}`));
let level = 0;
for (const heading of document.querySelectorAll('h1, h2, h3, h4')) {
  const next = Number(heading.tagName[1]);
  if (next > level + 1) wrong.push(`a level is left out before: ${heading.outerHTML}`);
  level = next;
}
if (document.querySelectorAll('h1').length !== 1) wrong.push('not one h1');
if (document.querySelectorAll('main').length !== 1) wrong.push('not one main');
if (!document.documentElement.lang) wrong.push('no language');
return wrong;
"""

OVERFLOW = "return Math.max(0, document.documentElement.scrollWidth - window.innerWidth)"
OUTLINE = "const s = getComputedStyle(document.activeElement); return s.outlineStyle !== 'none' && s.outlineWidth"
