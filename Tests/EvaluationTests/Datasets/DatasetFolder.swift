import Formats
import Foundation
import TestSupport
import Unaries

/// A folder in which small data sets are laid out.
struct DatasetFolder {
  private let folder: TemporaryFolder
  static let grid = GridShape(width: 6, height: 4)

  init() throws { folder = try TemporaryFolder() }

  var path: String { folder.path }

  func file(_ name: String) -> String { folder.file(name) }

  /// Writes a text file, and the folders that it lies in.
  func write(_ text: String, as name: String) throws {
    try makeFolder(of: name)
    try folder.write(Array(text.utf8), as: name)
  }

  /// Writes a photograph; what its name ends in makes no difference to readers.
  func writeImage(_ name: String, grid: GridShape = grid) throws {
    try makeFolder(of: name)
    let rgb = (0..<3 * grid.count).map { UInt8($0 % 251) }
    try PNG.write(Image(width: grid.width, height: grid.height, rgb: rgb), to: file(name))
  }

  /// Writes labels: those given first, then 0.
  func writeLabels(_ name: String, _ labels: [UInt16] = [], grid: GridShape = grid) throws {
    try makeFolder(of: name)
    let rest = [UInt16](repeating: 0, count: grid.count - labels.count)
    try LabelFile.write(LabelMap(grid: grid, labels: labels + rest), to: file(name))
  }

  private func makeFolder(of name: String) throws {
    let parent = URL(fileURLWithPath: file(name)).deletingLastPathComponent()
    try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
  }

  func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: file(name)) }
}
