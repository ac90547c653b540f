import LatticeSupport

extension Palette {
  private static let known: [(name: String, palette: Palette)] = [
    ("voc", voc), ("cityscapes", cityscapes), ("camvid", camvid),
  ]

  /// The names that `named(_:)` knows, for messages and help texts: `voc, cityscapes, camvid`.
  public static let knownNames = known.map(\.name).joined(separator: ", ")

  /// The palette of a data set.
  ///
  /// - Throws: `InputError` where there is none of that name; it lists those that there are.
  public static func named(_ name: String) throws -> Palette {
    guard let entry = known.first(where: { $0.name == name.lowercased() }) else {
      throw InputError(
        .usage, "there is no palette \(quoted(name))",
        remedy: "known are \(knownNames); others can be read from a file of lines 'r g b name'")
    }
    return entry.palette
  }

  /// The colour map of PASCAL VOC, 256 colours of which the first 21 have names.
  ///
  /// The bits of the label, lowest first, go in turn to red, green and blue, highest first.
  public static let voc = Palette(
    colors: (0..<256).map { label in
      var (red, green, blue) = (UInt8(0), UInt8(0), UInt8(0))
      // Eight bits make three groups of a bit for each colour.
      for step: UInt8 in 0..<3 {
        let group = UInt8(label) >> (3 * step)
        red |= (group & 1) << (7 - step)
        green |= (group >> 1 & 1) << (7 - step)
        blue |= (group >> 2 & 1) << (7 - step)
      }
      return Color(red, green, blue)
    },
    names: [
      "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair",
      "cow", "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa",
      "train", "tvmonitor",
    ])

  /// The 19 classes that Cityscapes is evaluated on, by their train ids; void is black.
  public static let cityscapes = Palette(
    [
      ("road", 128, 64, 128), ("sidewalk", 244, 35, 232), ("building", 70, 70, 70),
      ("wall", 102, 102, 156), ("fence", 190, 153, 153), ("pole", 153, 153, 153),
      ("traffic light", 250, 170, 30), ("traffic sign", 220, 220, 0), ("vegetation", 107, 142, 35),
      ("terrain", 152, 251, 152), ("sky", 70, 130, 180), ("person", 220, 20, 60),
      ("rider", 255, 0, 0), ("car", 0, 0, 142), ("truck", 0, 0, 70), ("bus", 0, 60, 100),
      ("train", 0, 80, 100), ("motorcycle", 0, 0, 230), ("bicycle", 119, 11, 32),
    ], voidColor: Color(0, 0, 0))

  /// The 11 classes of CamVid as SegNet groups and colours them; void is black.
  public static let camvid = Palette(
    [
      ("Sky", 128, 128, 128), ("Building", 128, 0, 0), ("Pole", 192, 192, 128),
      ("Road", 128, 64, 128), ("Pavement", 60, 40, 222), ("Tree", 128, 128, 0),
      ("SignSymbol", 192, 128, 128), ("Fence", 64, 64, 128), ("Car", 64, 0, 128),
      ("Pedestrian", 64, 64, 0), ("Bicyclist", 0, 128, 192),
    ], voidColor: Color(0, 0, 0))

  private init(_ entries: [(String, UInt8, UInt8, UInt8)], voidColor: Color) {
    self.init(
      colors: entries.map { Color($0.1, $0.2, $0.3) }, names: entries.map(\.0),
      voidColor: voidColor)
  }
}
