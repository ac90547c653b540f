extension CatalogEntry {
  /// What an exported file should say about itself, by keys: the network, and how to make its input
  /// of a photograph and a label map of its scores.
  public var exportNotes: [String: String] {
    [
      "network": name,
      "channel_order": preprocessing.order == .rgb ? "rgb" : "bgr",
      "divisor": "\(preprocessing.divisor)",
      "mean": preprocessing.mean.map(\.description).joined(separator: ","),
      "deviation": preprocessing.deviation.map(\.description).joined(separator: ","),
      "resize": resize.words,
      "sizes": sizes.words,
    ]
  }
}

extension ScoreResize {
  fileprivate var words: String {
    switch self {
    case .bilinear(.aligned): "align_corners"
    case .bilinear(.halfPixel): "half_pixel"
    case .zoomed(let zoom, let offset):
      "align_corners to \(zoom)*(n-1)+1, cropped from \(offset)"
    }
  }
}

extension ImageSizes {
  fileprivate var words: String {
    switch self {
    case .any: "any"
    case .multiple(let step, let offset): "\(step)*k+\(offset)"
    }
  }
}
