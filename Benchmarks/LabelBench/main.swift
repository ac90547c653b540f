import Foundation
import LatticeSupport
import Pipeline
import PostFilters
import Unaries

/// Times label filters on labels in a file of 16-bit numbers, for `compare_labels`.
///
/// `label-bench FILE DEPTHxHEIGHTxWIDTH THREADS`, or `HEIGHTxWIDTH`. Each line of the standard input
/// is a step such as `components:minimum=64`, made once and answered with the seconds that it took;
/// after ` > PATH` the labels go to that file.
let arguments = CommandLine.arguments
guard arguments.count == 4, let threads = Int(arguments[3]),
  let data = FileManager.default.contents(atPath: arguments[1])
else {
  FileHandle.standardError.write(Data("label-bench FILE HEIGHTxWIDTH THREADS\n".utf8))
  exit(2)
}
let grid = try GridShape(arguments[2].split(separator: "x").compactMap { Int($0) })
let labels = try LabelMap(
  grid: grid, labels: data.withUnsafeBytes { Array($0.bindMemory(to: UInt16.self)) })
// Filters that look at no marginals touch none of this memory.
let marginals = Marginals(
  unchecked: ChannelField(uninitializedPoints: grid.count, channels: 1), grid: grid)
let clock = ContinuousClock()

while let line = readLine() {
  let parts = line.components(separatedBy: " > ")
  var seconds = 0.0
  var result = labels
  if parts[0].hasPrefix("numbers") {
    // Not a step: the numbers of all components, as other programs give them.
    let neighbours = Int(parts[0].dropFirst("numbers".count))
    let start = clock.now
    let found = try ConnectedComponents(
      of: labels, connectivity: Connectivity(neighbours: neighbours), ignoring: nil,
      parallelism: Parallelism(threads: threads))
    let numbers = found.numbers(parallelism: Parallelism(threads: threads))
    seconds = (clock.now - start) / .seconds(1)
    precondition(numbers.count == grid.count)
  } else {
    let filters = try PreparedPlan(Plan([parts[0]])).labelFilters
    let start = clock.now
    for filter in filters {
      result = try filter.filter(
        labels, marginals, over: Scene(grid: grid), parallelism: Parallelism(threads: threads))
    }
    seconds = (clock.now - start) / .seconds(1)
  }
  if parts.count > 1 {
    try result.labels.withUnsafeBytes { try Data($0).write(to: URL(filePath: parts[1])) }
  }
  FileHandle.standardOutput.write(Data("\(seconds)\n".utf8))
}
