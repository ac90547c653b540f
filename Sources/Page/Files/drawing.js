// Pictures: labels over images, on canvases.

/// The labels that runs stand for, and how often each comes: runs are pairs of a label and how many pixels in a
/// row have it, 16 bits each.
export function labelsOf(bytes, count) {
  const runs = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
  const labels = new Uint16Array(count);
  const counts = new Uint32Array(65536);
  let place = 0;
  for (let index = 0; index < runs.length; index += 2) {
    const [label, length] = [runs[index], runs[index + 1]];
    labels.fill(label, place, place + length);
    counts[label] += length;
    place += length;
  }
  return { labels, counts };
}

/// Dark blue to yellow by way of green, in 256 steps: viridis at five places (Smith & van der Walt 2015).
const heat = (() => {
  const stops = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
  const table = new Uint8Array(3 * 256);
  for (let value = 0; value < 256; value += 1) {
    const place = value / 255 * (stops.length - 1);
    const low = Math.min(Math.floor(place), stops.length - 2);
    for (let part = 0; part < 3; part += 1) {
      table[3 * value + part] = stops[low][part] + (place - low) * (stops[low + 1][part] - stops[low][part]);
    }
  }
  return table;
})();

/// A canvas of an image's size, to be drawn into others.
function surface(picture) {
  const canvas = document.createElement("canvas");
  canvas.width = picture.width;
  canvas.height = picture.height;
  return canvas;
}

const opaque = 0xff000000;

/// `share` of 256 of a colour as one number: canvases keep red first, and processors the lowest byte.
function word(red, green, blue, share) {
  return ((red * share) >> 8) | (((green * share) >> 8) << 8) | (((blue * share) >> 8) << 16);
}

/// What is shown of an image, pixel by pixel.
export class Layer {
  constructor(picture) {
    this.picture = picture;
    this.canvas = surface(picture);
    this.context = this.canvas.getContext("2d");
    this.data = this.context.createImageData(picture.width, picture.height);
    this.pixels = this.data.data;
    this.pixels.fill(255);
    /// The same, one number for each pixel.
    this.words = new Uint32Array(this.pixels.buffer);
  }

  finish() {
    this.context.putImageData(this.data, 0, 0);
    return this.canvas;
  }

  /// The image's share of each pixel, as a canvas has it: red in the lowest byte, then green and blue.
  dimmed(opacity) {
    if (this.dimmedBy === opacity) return this.dimmedPixels;
    const { rgb } = this.picture;
    const share = 256 - Math.round(256 * opacity);
    this.dimmedPixels ??= new Uint32Array(this.words.length);
    for (let point = 0; point < this.words.length; point += 1) {
      this.dimmedPixels[point] = word(rgb[3 * point], rgb[3 * point + 1], rgb[3 * point + 2], share);
    }
    this.dimmedBy = opacity;
    return this.dimmedPixels;
  }

  /// Labels over the image: `colors` has three bytes for each label.
  drawLabels(labels, colors, opacity, hasEdges) {
    const { width } = this.picture;
    const { words } = this;
    const dimmed = this.dimmed(opacity);
    const share = Math.round(256 * opacity);
    const over = new Uint32Array(65536);
    for (let label = 0; 3 * label < colors.length; label += 1) {
      over[label] = word(colors[3 * label], colors[3 * label + 1], colors[3 * label + 2], share);
    }
    // Shares of 256 in all: no byte of a sum reaches the next.
    for (let point = 0; point < words.length; point += 1) words[point] = opaque + dimmed[point] + over[labels[point]];
    if (hasEdges) {
      for (let start = 0; start < words.length; start += width) {
        const hasBelow = start + width < words.length;
        for (let point = start; point < start + width; point += 1) {
          const label = labels[point];
          const isEdge = (point + 1 < start + width && label !== labels[point + 1])
            || (hasBelow && label !== labels[point + width]);
          if (isEdge) words[point] = 0xffffffff;
        }
      }
    }
    return this.finish();
  }

  /// Values of 0…255 by their heat, over a gray image.
  drawHeat(values, opacity, gamma) {
    const { rgb, width, height } = this.picture;
    const pixels = this.pixels;
    const table = new Uint8Array(256);
    for (let value = 0; value < 256; value += 1) table[value] = 255 * Math.pow(value / 255, gamma);
    const share = Math.round(256 * opacity);
    for (let point = 0; point < width * height; point += 1) {
      const gray = (rgb[3 * point] + rgb[3 * point + 1] + rgb[3 * point + 2]) / 3 * (256 - share);
      const color = 3 * table[values[point]];
      for (let part = 0; part < 3; part += 1) {
        pixels[4 * point + part] = (gray + heat[color + part] * share) >> 8;
      }
    }
    return this.finish();
  }

  /// Pixels by a colour that `colorOf` gives for each, or none.
  drawMarks(colorOf, opacity) {
    const { rgb, width, height } = this.picture;
    const pixels = this.pixels;
    for (let point = 0; point < width * height; point += 1) {
      const color = colorOf(point);
      const gray = (rgb[3 * point] + rgb[3 * point + 1] + rgb[3 * point + 2]) / 3;
      for (let part = 0; part < 3; part += 1) {
        pixels[4 * point + part] = color
          ? gray * (1 - opacity) + color[part] * opacity : gray * (1 - .5 * opacity);
      }
    }
    return this.finish();
  }
}

/// Where an image lies on a canvas: all views share it.
export class Placement {
  constructor() {
    this.zoom = 1;
    this.center = [.5, .5];
  }

  reset() {
    this.zoom = 1;
    this.center = [.5, .5];
  }

  /// Of a canvas: pixels of the canvas for one of the image, and where the image's corner lies.
  on(canvas, picture) {
    const scale = Math.min(canvas.width / picture.width, canvas.height / picture.height) * this.zoom;
    return {
      scale,
      left: canvas.width / 2 - this.center[0] * picture.width * scale,
      top: canvas.height / 2 - this.center[1] * picture.height * scale,
    };
  }

  /// Zooms, with a place of the image (0…1) where it is on the screen.
  zoomBy(factor, place) {
    const zoom = Math.min(64, Math.max(1, this.zoom * factor));
    const change = this.zoom / zoom;
    this.center = this.center.map((center, axis) => place[axis] + (center - place[axis]) * change);
    this.zoom = zoom;
    this.clamp();
  }

  clamp() {
    const reach = .5 / this.zoom;
    this.center = this.center.map((center) => (this.zoom <= 1 ? .5 : Math.min(1 - reach, Math.max(reach, center))));
  }
}

/// Draws what lies under the swipe's left, and what lies under its right.
export function paint(canvas, picture, placement, left, right, swipe, mark) {
  const context = canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = false;
  const place = placement.on(canvas, picture);
  const [width, height] = [picture.width * place.scale, picture.height * place.scale];
  const draw = (surface) => context.drawImage(surface, place.left, place.top, width, height);
  const edge = place.left + swipe * width;
  if (swipe < 1) draw(right);
  if (swipe > 0) {
    context.save();
    context.beginPath();
    context.rect(0, 0, edge, canvas.height);
    context.clip();
    draw(left);
    context.restore();
  }
  if (swipe > 0 && swipe < 1) {
    context.fillStyle = "white";
    context.fillRect(edge - 1, 0, 2, canvas.height);
  }
  if (mark) {
    const [x, y] = [place.left + (mark[0] + .5) * place.scale, place.top + (mark[1] + .5) * place.scale];
    const reach = Math.max(6, place.scale);
    for (const [color, line] of [["black", 4], ["white", 2]]) {
      context.strokeStyle = color;
      context.lineWidth = line;
      context.strokeRect(x - reach / 2, y - reach / 2, reach, reach);
    }
  }
}
