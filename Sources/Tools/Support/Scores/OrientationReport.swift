import Formats
import Unaries

/// How a picture was taken that is not stored upright, as JSON.
package struct JSONOrientation: Encodable {
  /// As the file notes it: 2…8.
  private let exif: Int
  private let isApplied: Bool

  package init(_ use: OrientationUse) {
    exif = use.orientation.rawValue
    isApplied = use.isApplied
  }

  private enum CodingKeys: String, CodingKey {
    case exif
    case isApplied = "applied"
  }
}

/// How the pictures of a run were taken that are not stored upright.
package struct OrientationCounts: Encodable {
  /// Turned upright.
  private let applied: Int
  /// Taken as they are stored.
  private let ignored: Int

  package init(_ uses: some Collection<OrientationUse>) {
    applied = uses.count(where: \.isApplied)
    ignored = uses.count - applied
  }

  package var isEmpty: Bool { applied + ignored == 0 }

  /// `3 turned upright, 1 taken as stored`; empty where there are none.
  package var text: String {
    [(applied, "turned upright"), (ignored, "taken as stored")].filter { $0.0 > 0 }
      .map { "\($0.0) \($0.1)" }.joined(separator: ", ")
  }

  /// A line of a report; `nil` where there is nothing to say.
  package var line: String? {
    isEmpty ? nil : "turned   by EXIF orientation: \(text)"
  }
}
