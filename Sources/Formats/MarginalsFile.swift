import LatticeSupport
import Unaries

/// Files of probabilities: arrays and rasters (L,H,W), volumes (L,z,y,x).
public enum MarginalsFile {
  /// Writes marginals in the format that `path` ends in: a raster for `.tif`, a volume for `.nii`
  /// and `.nii.gz`, else an array. Those of points that are left out are NaN.
  ///
  /// - Parameters:
  ///   - marginals: N × L probabilities.
  ///   - placement: where the points lie; carried over to files that can say so.
  ///   - mask: the points that count; `nil` for all.
  ///   - path: the file, which appears whole or not at all.
  /// - Throws: `InputError` where the file cannot be written, or the grid does not fit it.
  public static func write(
    _ marginals: Marginals, at placement: Placement? = nil, mask: PointMask? = nil,
    to path: String
  ) throws {
    let (field, grid) = (marginals.values, marginals.grid)
    if NIfTI.isNamed(path) {
      return try NIfTI.write(field, over: grid, at: placement?.volume, mask: mask, to: path)
    }
    guard TIFF.isNamed(path) else {
      var marginals = marginals
      if let mask { marginals.erase(leftOutBy: mask) }
      return try NPY.write(marginals.values, over: grid, to: path)
    }
    let writer = try TIFFWriter(
      path, probabilitiesOf: field.channels, grid: grid, at: placement)
    let whole = GridRegion(allOf: grid)
    try writer.write(whole, of: field, over: whole, mask: mask)
    try writer.commit()
  }
}

/// A file of probabilities that is written a region at a time; see `MarginalsFile`.
package enum MarginalsRegionWriter {
  case array(NPYRegionWriter)
  case raster(TIFFWriter)

  /// - Throws: `InputError` where the file cannot be created, is a pipe or a device, or is to be a
  ///   volume.
  package init(_ path: String, grid: GridShape, labelCount: Int, at placement: Placement?) throws {
    guard !NIfTI.isNamed(path) else {
      throw InputError(
        .usage, at: path, "is to be a volume, but tiles are cut from images of two axes",
        remedy: "name it .tif or .npy, or leave \(name: .tiles) out")
    }
    self =
      TIFF.isNamed(path)
      ? .raster(try TIFFWriter(path, probabilitiesOf: labelCount, grid: grid, at: placement))
      : .array(try NPYRegionWriter(path, shape: [labelCount] + grid.extents, type: .float32))
  }

  /// Writes the channels of a region from a field over a larger one.
  package func write(
    _ region: GridRegion, of field: ChannelField, over whole: GridRegion, mask: PointMask?
  ) throws {
    switch self {
    case .array(let writer):
      var marginals = Marginals(unchecked: field, grid: whole.grid)
      if let mask { marginals.erase(leftOutBy: mask) }
      try writer.write(region, of: marginals.values, over: whole)
    case .raster(let writer): try writer.write(region, of: field, over: whole, mask: mask)
    }
  }

  /// Puts the file in its place.
  package func commit() throws {
    switch self {
    case .array(let writer): try writer.commit()
    case .raster(let writer): try writer.commit()
    }
  }
}
