import LatticeSupport

/// Where the pixels of a GeoTIFF lie on the Earth.
///
/// The tags are carried over to outputs as they stand. What is understood of them serves to compare
/// two files: OGC 19-008r4, "GeoTIFF standard", 2019, annex B (transformations) and table 9 (keys).
public struct MapPlacement: Sendable, Hashable {
  /// Pixels from left to right.
  let width: Int
  /// Pixels from top to bottom.
  let height: Int
  /// Every tag that places the image.
  let tags: [TIFFTagValue]
  /// x and y of the corner of column c, row r as (a, b, x0, d, e, y0): x = a·c + b·r + x0; `nil`
  /// where no such map is given.
  public let affine: [Double]?
  /// The number of the coordinate system; `nil` where it has none.
  public let epsg: Int?

  /// - Returns: `nil` where the page has no such tags.
  init?(_ page: TIFFDirectory, width: Int, height: Int) throws {
    tags = try TIFFTag.placing.compactMap { try page.raw($0) }
    guard !tags.isEmpty else { return nil }
    self.width = width
    self.height = height
    let keys = Self.keys(tags)
    let number = keys[3072] ?? keys[2048]
    // 0 stands for "undefined", 32767 for "defined by the user".
    epsg = number.flatMap { (1..<32767).contains($0) ? $0 : nil }
    affine = Self.affine(tags, isPoint: keys[1025] == 2)
  }

  private static func value(_ tag: TIFFTag, _ tags: [TIFFTagValue]) -> TIFFTagValue? {
    tags.first { $0.tag == tag.rawValue }
  }

  /// The keys whose values stand in the directory of keys itself.
  private static func keys(_ tags: [TIFFTagValue]) -> [Int: Int] {
    let words = value(.geoKeys, tags)?.shorts ?? []
    guard words.count >= 4 else { return [:] }
    var keys: [Int: Int] = [:]
    for start in stride(from: 4, to: min(words.count, 4 + 4 * words[3]) - 3, by: 4)
    where words[start + 1] == 0 {
      keys[words[start]] = words[start + 3]
    }
    return keys
  }

  private static func affine(_ tags: [TIFFTagValue], isPoint: Bool) -> [Double]? {
    var map: [Double]
    let (scale, ties) = (value(.pixelScale, tags)?.doubles, value(.tiePoints, tags)?.doubles)
    if let scale, scale.count >= 2, let ties, ties.count == 6 {
      map = [
        scale[0], 0, ties[3] - ties[0] * scale[0], 0, -scale[1], ties[4] + ties[1] * scale[1],
      ]
    } else if let matrix = value(.transformation, tags)?.doubles, matrix.count == 16 {
      map = [matrix[0], matrix[1], matrix[3], matrix[4], matrix[5], matrix[7]]
    } else {
      return nil
    }
    if isPoint {
      map[2] -= (map[0] + map[1]) / 2
      map[5] -= (map[3] + map[4]) / 2
    }
    return map.allSatisfy(\.isFinite) ? map : nil
  }

  /// How two images that ought to cover the same ground do not; `nil` where they do, or one of them
  /// does not say where it is.
  ///
  /// Corners may lie as far apart as half a pixel of the coarser image.
  func difference(from other: MapPlacement) -> String? {
    if let epsg, let number = other.epsg, epsg != number {
      return "their coordinate systems are EPSG:\(epsg) and EPSG:\(number)"
    }
    guard let one = affine, let two = other.affine else { return nil }
    let pixel = max(Self.pixel(one), Self.pixel(two))
    var farthest = 0.0
    for (right, down) in [(0.0, 0.0), (1, 0), (0, 1), (1, 1)] {
      let places = [(one, self), (two, other)].map { map, place in
        let (column, row) = (right * Double(place.width), down * Double(place.height))
        return (
          x: map[0] * column + map[1] * row + map[2], y: map[3] * column + map[4] * row + map[5]
        )
      }
      let (x, y) = (places[0].x - places[1].x, places[0].y - places[1].y)
      farthest = max(farthest, (x * x + y * y).squareRoot())
    }
    guard farthest > pixel / 2 else { return nil }
    return "corners lie \(Float(farthest / pixel).shortText) pixels apart"
  }

  /// The shorter side of a pixel.
  private static func pixel(_ map: [Double]) -> Double {
    let across = (map[0] * map[0] + map[3] * map[3]).squareRoot()
    let down = (map[1] * map[1] + map[4] * map[4]).squareRoot()
    return min(across, down)
  }
}

/// Where the points of a grid lie, as a file says it: carried over to outputs of the same grid.
public enum Placement: Sendable, Hashable {
  /// On the Earth.
  case map(MapPlacement)
  /// In a scanner or a template.
  case volume(VolumeGeometry)

  /// The geometry of a volume; `nil` of anything else.
  public var volume: VolumeGeometry? { if case .volume(let volume) = self { volume } else { nil } }
  /// The place of a map; `nil` of anything else.
  public var map: MapPlacement? { if case .map(let map) = self { map } else { nil } }

  /// How two that ought to agree do not; `nil` where they do, or cannot be compared.
  package func difference(from other: Placement) -> String? {
    switch (self, other) {
    case (.map(let one), .map(let two)): one.difference(from: two)
    case (.volume(let one), .volume(let two)): one.difference(from: two)
    default: nil
    }
  }

  /// That of a file, by its header alone; `nil` where it has none.
  ///
  /// - Throws: `InputError` where the file cannot be read.
  package init?(of path: String) throws {
    let source = try FileSource(path)
    if NIfTI.isVolume(source) {
      self = .volume(try NIfTIFile(path).header.geometry)
    } else if source.kind == .tiff {
      guard let place = try TIFF.pages(source, only: 0).full[0].place else { return nil }
      self = .map(place)
    } else {
      return nil
    }
  }
}
