import LatticeCHeader
import LatticePluginHeader
import LatticeSupport
import Pipeline
import Unaries

/// `latticecrf_load_plugin`.
@_cdecl("latticecrf_load_plugin")
public func loadPlugin(_ path: UnsafePointer<CChar>?) -> Int32 {
  call { try Plugins.load(path: Arguments.text(path, "the path of a plug-in")) }
}

/// `latticecrf_add_plugin`.
@_cdecl("latticecrf_add_plugin")
public func addPlugin(_ table: UnsafeRawPointer?) -> Int32 {
  call {
    let table = try Arguments.pointer(table, "the table of a plug-in", alignment: 8)
    try Plugins.add(table.assumingMemoryBound(to: latticecrf_plugin_table.self))
  }
}

/// `latticecrf_score`.
@_cdecl("latticecrf_score")
public func score(
  _ unary: UnsafePointer<CChar>?, _ scene: UnsafePointer<latticecrf_scene>?,
  _ energies: UnsafeMutablePointer<Float>?, _ count: Int64,
  _ labels: UnsafeMutablePointer<Int64>?
) -> Int32 {
  call {
    let text = try Arguments.text(unary, "the unary")
    let labels = try Arguments.pointer(labels, "labels", alignment: 8)
    let given = try Arguments.structure(scene, "scene", defaults: latticecrf_scene())
    let json =
      text.first { !$0.isWhitespace } == "{"
      ? try JSONValue(parsing: text) : try JSONValue(description: text)
    let description = try Description(json, in: UnaryKind.registry)
    let unary = try description.kind.make(description.settings, .none)
    let grid = try Arguments.grid(given.extents, rank: given.rank)
    let layout = try ChannelLayout(given.layout)
    labels.pointee = Int64(unary.labelCount)
    guard let energies else { return }
    try Arguments.count(count, grid.count, unary.labelCount, "the array of energies")
    try Arguments.memory(labels: unary.labelCount, on: grid)
    let image = try SceneArguments.image(of: given, on: grid, leastSigma: nil)
    let field = try unary.energies(for: Scene(grid: grid, image: image))
    try Cancellation.check()
    layout.write(
      field.values, to: energies, parallelism: try Arguments.parallelism(threads: given.threads))
  }
}
