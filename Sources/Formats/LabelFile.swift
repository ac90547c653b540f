import LatticeSupport
import Unaries

/// Label maps in files: PNG pictures, or NPY arrays for grids of any number of axes.
public enum LabelFile {
  /// Endings of label maps.
  package static let endings = ["png", "npy"]

  /// Reads labels from a PNG picture (palette indices, gray values, or colours of `palette`) or
  /// from an NPY array of whole numbers.
  ///
  /// - Throws: `InputError` where the file cannot be read, is something else, or holds numbers that
  ///   are no labels.
  public static func read(_ path: String, palette: Palette? = nil) throws -> LabelMap {
    try read(path, as: LabelReading(palette: palette))
  }

  /// Reads labels from a file whose numbers or colours are to be understood as `reading` says.
  ///
  /// - Throws: `InputError` as `read(_:palette:)` does, and where a number stands for nothing.
  public static func read(_ path: String, as reading: LabelReading) throws -> LabelMap {
    let kind = try FileSource(path).kind
    guard kind == .npy else { return try PNG.readLabels(path).labels(as: reading) }
    return try labels(of: NPY.read(path), as: reading, name: path)
  }

  /// The grid of the labels in a file, by its header alone.
  ///
  /// - Throws: `InputError` where the file cannot be read or is something else.
  package static func grid(of path: String) throws -> GridShape {
    let source = try FileSource(path)
    switch source.kind {
    case .npy: return try GridShape(ArrayFile.boxes(path).shape)
    case .png: return try PNGReader(source).grid
    case let other: throw PNG.notPNG(other, name: path)
    }
  }

  /// The labels that an array of whole numbers holds; `name` stands for its file in messages.
  static func labels(
    of array: NumericArray, as reading: LabelReading, name: String
  ) throws -> LabelMap {
    do {
      if let mapping = reading.mapping { return try labels(of: array, mapping) }
      if let index = array.values.firstIndex(where: { UInt16(exactly: $0) == nil }) {
        throw InputError(
          .data, "has the number \(array.values[index]) at index \(index), which is not a label",
          remedy: array.values[index] < 0 && array.values[index] == array.values[index].rounded()
            ? """
            if it marks points without a label, add \
            \(set: .labelMapping("\(Int(array.values[index])):void"))
            """
            : "labels are whole numbers 0…65535; for scores, use \(set: .scoreKind(.logits))")
      }
      return try LabelMap(grid: GridShape(array.shape), labels: array.values.map { UInt16($0) })
    } catch let error as InputError {
      throw error.at(name)
    }
  }

  private static func labels(of array: NumericArray, _ mapping: LabelMapping) throws -> LabelMap {
    let grid = try GridShape(array.shape)
    return try LabelMap(
      grid: grid,
      labels: array.values.enumerated().map { point, value in
        guard let label = Int(exactly: value).flatMap(mapping.label) else {
          throw mapping.unlisted("\(value)", at: grid.position(of: point))
        }
        return label
      })
  }

  /// The format that `path` asks for by its ending: NPY, else PNG.
  ///
  /// - Throws: `InputError` where the ending is that of another format.
  package static func writesArray(_ path: String) throws -> Bool {
    let name = path.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return false }
    switch name[dot...].lowercased() {
    case ".npy": return true
    case ".png": return false
    case let other:
      throw InputError(
        .usage, at: path, "labels are written as PNG or NPY, not as '\(other)'",
        remedy: "name the file .png, or .npy for an array")
    }
  }

  /// Writes labels: an array of 16-bit numbers where `path` ends in `.npy`, else a PNG picture.
  ///
  /// - Throws: `InputError` where the file cannot be written, or the grid does not fit a picture.
  public static func write(_ map: LabelMap, palette: Palette? = nil, to path: String) throws {
    guard try writesArray(path) else { return try PNG.write(map, palette: palette, to: path) }
    try NPY.write(shape: map.grid.extents, to: path, type: .uint16) { range, block in
      for (place, point) in range.enumerated() { block[place] = Float(map.labels[point]) }
    }
  }
}
