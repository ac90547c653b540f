import Formats
import Foundation
import LatticeSupport
import PostFilters
import TestSupport
import Testing
import Unaries

/// A run of a case of `fixtures/post`: what is given, and what must come of it.
struct LabelCase: CustomTestStringConvertible, Sendable {
  let folder: String
  let id: String
  let parameters: AnyJSON
  private let inputs: AnyJSON
  private let expected: AnyJSON

  var testDescription: String { "\(folder)/\(id)" }

  /// All runs of a case; none where the cases are absent.
  static func all(_ folder: String) -> [LabelCase] {
    guard Shared.isPresent,
      let json = try? AnyJSON.read(Shared.fixture("post/\(folder)/case.json"))
    else { return [] }
    return json["runs"].elements.map { run in
      LabelCase(
        folder: folder, id: run["id"].string ?? "", parameters: run["parameters"],
        inputs: run["inputs"] == .null ? json["inputs"] : run["inputs"], expected: run["expected"])
    }
  }

  private func path(_ files: AnyJSON, _ name: String) throws -> String {
    Shared.fixture("post/\(folder)/" + (try #require(files[name].string, "\(id): \(name)")))
  }

  /// The labels of an input.
  func labels(_ name: String = "labels") throws -> LabelMap {
    try LabelFile.read(path(inputs, name))
  }

  /// The labels, or the numbers, that are expected.
  func expectedLabels(_ name: String = "result") throws -> LabelMap {
    try LabelFile.read(path(expected, name))
  }

  /// The numbers that are expected.
  func expectedArray(_ name: String = "result") throws -> NumericArray {
    try NPY.read(path(expected, name))
  }

  /// An array of an input.
  func array(_ name: String) throws -> NumericArray { try NPY.read(path(inputs, name)) }

  var connectivity: Connectivity { connectivity("connectivity") }

  func connectivity(_ key: String) -> Connectivity {
    Connectivity(neighbours: parameters[key].number.map { Int($0) })
  }

  func count(_ key: String) -> Int? { parameters[key].number.map { Int($0) } }

  /// The classes of the run, in order; `nil` for all.
  var classes: LabelNumbers? {
    parameters["classes"] == .null
      ? nil : LabelNumbers(labels: parameters["classes"].numbers.map { UInt16($0) })
  }
}

/// Marginals that no filter of labels looks at.
func unseenMarginals(_ grid: GridShape) -> Marginals {
  Marginals(unchecked: ChannelField(points: grid.count, channels: 1), grid: grid)
}

extension LabelFilter {
  /// The labels that come of a map alone.
  func filter(_ map: LabelMap, threads: Int = 2) throws -> LabelMap {
    try filter(
      map, unseenMarginals(map.grid), over: Scene(grid: map.grid),
      parallelism: Parallelism(threads: threads))
  }
}
