import CCairo
import LatticeSupport

/// A sheet of cairo's with a drawing on it.
private final class CairoSheet {
  let sheet: OpaquePointer
  /// What cairo has written.
  private final class Bytes {
    var all: [UInt8] = []
  }
  private let bytes = Bytes()

  private static let takesBytes:
    @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<UInt8>?, Int) -> Bool = {
      context, bytes, count in
      guard let context else { return false }
      Unmanaged<Bytes>.fromOpaque(context).takeUnretainedValue()
        .all.append(contentsOf: UnsafeBufferPointer(start: bytes, count: count))
      return true
    }

  init(pixels drawing: Drawing, scale: Double) throws {
    // cairo's own limit is 32767 pixels a side.
    let (width, height) = (drawing.width * scale, drawing.height * scale)
    guard width <= 32767, height <= 32767, width * height * 8 <= Double(memoryLimit()),
      let sheet = sheet_of_pixels(Int32(width), Int32(height), scale)
    else {
      throw InputError(
        .data, "a picture of \(Int(width))×\(Int(height)) pixels is too large",
        remedy: "show fewer values, or write it as .svg or .pdf")
    }
    self.sheet = sheet
  }

  init(pdf drawing: Drawing) throws {
    let context = Unmanaged.passUnretained(bytes).toOpaque()
    guard let sheet = sheet_of_pdf(drawing.width, drawing.height, Self.takesBytes, context) else {
      throw InputError(.data, "a drawing of \(drawing.width)×\(drawing.height) is too large")
    }
    self.sheet = sheet
  }

  deinit { sheet_free(sheet) }

  func draw(_ drawing: Drawing) throws {
    for command in drawing.commands { draw(command) }
    try check(sheet_finish(sheet))
  }

  private func check(_ complaint: UnsafePointer<CChar>?) throws {
    if let complaint { throw InputError(.data, "cannot be drawn: \(String(cString: complaint))") }
  }

  /// A page that is finished.
  var pdf: [UInt8] { bytes.all }

  func png() throws -> [UInt8] {
    let context = Unmanaged.passUnretained(bytes).toOpaque()
    try check(sheet_write_png(sheet, Self.takesBytes, context))
    return bytes.all
  }

  private func draw(_ command: Drawing.Command) {
    switch command {
    case .fill(let places, let color):
      sheet_fill(sheet, places.flatMap { [$0.x, $0.y] }, places.count, color.ofSheet)
    case .stroke(let places, let isClosed, let width, let dash, let color):
      sheet_stroke(
        sheet, places.flatMap { [$0.x, $0.y] }, places.count, isClosed, width, dash,
        color.ofSheet)
    case .disc(let place, let radius, let color):
      sheet_disc(sheet, place.x, place.y, radius, color.ofSheet)
    case .text(let text, let place, let anchor, let isUpright, let style):
      let share: Double =
        switch anchor {
        case .start: 0
        case .middle: 0.5
        case .end: 1
        }
      let back = share * style.width(of: text)
      sheet_text(
        sheet, text, place.x - (isUpright ? 0 : back), place.y + (isUpright ? back : 0),
        style.size, style.isBold, isUpright, style.color.ofSheet)
    case .picture(let picture, let box):
      sheet_picture(
        sheet, picture.rgb, Int32(picture.width), Int32(picture.height), box.x, box.y, box.width,
        box.height)
    case .clip(let box): sheet_clip(sheet, box.x, box.y, box.width, box.height)
    case .unclip: sheet_unclip(sheet)
    }
  }
}

extension Color {
  fileprivate var ofSheet: sheet_color {
    sheet_color(red: red, green: green, blue: blue, alpha: 1)
  }
}

extension Drawing {
  /// Its pixels.
  ///
  /// - Parameter scale: pixels of a unit; 2, or 1 where there are pictures.
  /// - Throws: `InputError` where it is too large.
  public func picture(scale: Double? = nil) throws -> Picture {
    let sheet = try CairoSheet(pixels: self, scale: scale ?? (hasPictures ? 1 : 2))
    try sheet.draw(self)
    var stride = 0
    let (columns, rows) = (
      Int(width * (scale ?? (hasPictures ? 1 : 2))), Int(height * (scale ?? (hasPictures ? 1 : 2)))
    )
    guard let pixels = sheet_pixels(sheet.sheet, &stride) else {
      throw InputError(.data, "a picture of \(columns)×\(rows) pixels is too large")
    }
    let rgb = [UInt8](unsafeUninitializedCapacity: 3 * columns * rows) { output, count in
      for row in 0..<rows {
        let line = UnsafeRawPointer(pixels + row * stride).assumingMemoryBound(to: UInt32.self)
        for column in 0..<columns {
          let (pixel, place) = (line[column], 3 * (row * columns + column))
          output[place] = UInt8(truncatingIfNeeded: pixel >> 16)
          output[place + 1] = UInt8(truncatingIfNeeded: pixel >> 8)
          output[place + 2] = UInt8(truncatingIfNeeded: pixel)
        }
      }
      count = 3 * columns * rows
    }
    return Picture(width: columns, height: rows, rgb: rgb)
  }

  /// The bytes of a PDF file of one page, with text as text.
  ///
  /// - Throws: `InputError` where it cannot be drawn.
  public func pdf() throws -> [UInt8] {
    let sheet = try CairoSheet(pdf: self)
    try sheet.draw(self)
    return sheet.pdf
  }
}

extension Picture {
  /// The bytes of a PNG file.
  func png() throws -> [UInt8] {
    var drawing = Drawing(width: Double(width), height: Double(height))
    drawing.picture(
      self, in: Box(x: 0, y: 0, width: Double(width), height: Double(height)))
    let sheet = try CairoSheet(pixels: drawing, scale: 1)
    try sheet.draw(drawing)
    return try sheet.png()
  }
}
