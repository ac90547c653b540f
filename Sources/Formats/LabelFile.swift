import LatticeSupport
import Unaries

/// Label maps in files: PNG pictures, TIFF rasters, NIfTI volumes, or NPY arrays for grids of any
/// number of axes.
public enum LabelFile {
  /// Endings of label maps.
  package static let endings = ["png", "npy", "tif", "tiff", "nii.gz", "nii"]

  /// What label maps are written as.
  package enum Format: Sendable {
    case picture, array, raster, volume
  }

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
    let source = try FileSource(path)
    if NIfTI.isVolume(source) {
      return try labels(of: NIfTI.read(path).array, as: reading, name: path)
    }
    switch source.kind {
    case .tiff:
      let raster = try TIFFLabelRegions(path, as: reading)
      return try raster.read(GridRegion(allOf: raster.grid))
    case .npy:
      return try labels(of: NPY.decode(source, takesBooleans: true), as: reading, name: path)
    default: return try PNG.readLabels(path).labels(as: reading)
    }
  }

  /// The same with the points that have no label, where the file says that there are some, and the
  /// colours that the file has for labels.
  package static func readMasked(
    _ path: String, as reading: LabelReading, unknown: UnknownLabel = .none
  ) throws -> (map: LabelMap, mask: PointMask?, palette: Palette?) {
    guard try FileSource(path).kind == .tiff else {
      return (try read(path, as: reading), nil, nil)
    }
    let raster = try TIFFLabelRegions(path, as: reading)
    raster.unknown = unknown
    let (map, mask) = try raster.readMasked(GridRegion(allOf: raster.grid))
    return (map, mask, raster.palette)
  }

  /// The grid of the labels in a file, by its header alone.
  ///
  /// - Throws: `InputError` where the file cannot be read or is something else.
  package static func grid(of path: String) throws -> GridShape {
    let source = try FileSource(path)
    if NIfTI.isVolume(source) { return try GridShape(NIfTIFile(path).header.shape) }
    switch source.kind {
    case .npy: return try GridShape(NPYBoxes(path, takesBooleans: true).shape)
    case .tiff: return try TIFF.page(nil, of: path).page.grid
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

  /// The format that `path` asks for by its ending; PNG where it has none.
  ///
  /// - Throws: `InputError` where the ending is that of another format.
  package static func format(_ path: String) throws -> Format {
    let name = path.split(separator: "/").last ?? ""
    if name.lowercased().hasSuffix(".nii.gz") { return .volume }
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return .picture }
    switch name[dot...].lowercased() {
    case ".npy": return .array
    case ".png": return .picture
    case ".tif", ".tiff": return .raster
    case ".nii": return .volume
    case let other:
      throw InputError(
        .usage, at: path, "labels are written as PNG, TIFF, NIfTI or NPY, not as '\(other)'",
        remedy: "name the file .png, .tif, .nii.gz or, for an array, .npy")
    }
  }

  /// Writes labels in the format that `path` ends in: an array of 16-bit numbers for `.npy`, a
  /// raster for `.tif`, a volume for `.nii` and `.nii.gz`, else a PNG picture.
  ///
  /// - Parameters:
  ///   - map: the labels.
  ///   - palette: the colours of labels in PNG and TIFF files.
  ///   - placement: where the points lie; carried over to files that can say so.
  ///   - mayLeaveOut: whether some points may be left out, which rasters declare.
  ///   - path: the file.
  /// - Throws: `InputError` where the file cannot be written, or the grid does not fit a picture.
  public static func write(
    _ map: LabelMap, palette: Palette? = nil, at placement: Placement? = nil,
    mayLeaveOut: Bool = false, to path: String
  ) throws {
    switch try format(path) {
    case .picture: try PNG.write(map, palette: palette, to: path)
    case .volume: try NIfTI.write(map, at: placement?.volume, to: path)
    case .array:
      try NPY.write(shape: map.grid.extents, to: path, type: .uint16) { range, block in
        for (place, point) in range.enumerated() { block[place] = Float(map.labels[point]) }
      }
    case .raster:
      let largest = Int(map.labels.max() ?? 0)
      let writer = try TIFFWriter(
        path, labelsUpTo: largest, grid: map.grid, palette: palette, at: placement,
        mayLeaveOut: mayLeaveOut)
      try writer.write(map.labels, of: GridRegion(allOf: map.grid))
      try writer.commit()
    }
  }
}
