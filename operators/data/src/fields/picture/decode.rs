//! Decoder of pictures: an encoded file (PNG, JPEG, WebP, TIFF, BMP, GIF) to bytes of one size, planes after one
//! another.

use std::io::Cursor;

use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Rgb, RgbImage};
use relata_schemas::FeatureShape;

use crate::decoder_panic::guarded;
use crate::fields::image_settings::ImageSettings;

/// What is decoded.
const FORMATS: [ImageFormat; 6] =
    [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Tiff, ImageFormat::Bmp, ImageFormat::Gif];

/// Brings pictures to one size and number of channels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Decoder {
    height: u32,
    width: u32,
    /// Whether pictures of other sizes are refused.
    strict: bool,
    settings: ImageSettings,
}

/// Why a picture has no pixels.
#[derive(Debug, PartialEq)]
pub(crate) enum Undecoded {
    /// It is damaged, or no picture.
    Unreadable(String),
    /// It has another height and width, and no size was asked for.
    OtherSize(u32, u32),
}

impl Decoder {
    /// A decoder to the size that the settings ask for, or else to that of this picture.
    pub fn for_first(settings: ImageSettings, bytes: &[u8]) -> Result<Self, Undecoded> {
        let (height, width) = match settings.size {
            Some(size) => size,
            None => {
                let picture = guarded(|| open(bytes)).map_err(Undecoded::Unreadable)?;
                (picture.height(), picture.width())
            }
        };
        Ok(Self { height, width, strict: settings.size.is_none(), settings })
    }

    /// A decoder to the size that the settings ask for.
    pub fn new(settings: ImageSettings) -> Self {
        let (height, width) = settings.size.unwrap_or_default();
        Self { height, width, strict: false, settings }
    }

    /// The settings with the size of what it gives.
    pub fn settings(&self) -> ImageSettings {
        ImageSettings { size: Some((self.height, self.width)), ..self.settings }
    }

    /// The shape of what it gives.
    pub fn shape(&self) -> FeatureShape {
        self.settings().shape()
    }

    /// Decodes a picture into channels x height x width bytes.
    pub fn decode(&self, bytes: &[u8], out: &mut [u8]) -> Result<(), Undecoded> {
        let picture = guarded(|| open(bytes)).map_err(Undecoded::Unreadable)?;
        let found = (picture.height(), picture.width());
        if self.strict && found != (self.height, self.width) {
            return Err(Undecoded::OtherSize(found.0, found.1));
        }
        // Transparent pixels have a colour of their own, which would come back without their transparency.
        let picture = if picture.color().has_alpha() { on_white(&picture) } else { picture };
        let picture = self.scaled(picture);
        if self.settings.grey {
            out.copy_from_slice(picture.into_luma8().as_raw());
            return Ok(());
        }
        let interleaved = picture.into_rgb8();
        let plane = self.height as usize * self.width as usize;
        for (channel, plane) in out.chunks_exact_mut(plane).enumerate() {
            for (out, pixel) in plane.iter_mut().zip(interleaved.as_raw().as_chunks::<3>().0) {
                *out = pixel[channel];
            }
        }
        Ok(())
    }

    fn scaled(&self, picture: DynamicImage) -> DynamicImage {
        let (height, width) = (picture.height(), picture.width());
        if (height, width) == (self.height, self.width) {
            return picture;
        }
        let picture = match self.settings.crop {
            false => picture,
            true => {
                // The largest part of the wanted proportions, from the middle.
                let (high, wide) =
                    (u64::from(height) * u64::from(self.width), u64::from(width) * u64::from(self.height));
                let (part_height, part_width) = match high > wide {
                    true => ((wide / u64::from(self.width)).max(1) as u32, width),
                    false => (height, (high / u64::from(self.height)).max(1) as u32),
                };
                let (left, top) = ((width - part_width) / 2, (height - part_height) / 2);
                picture.crop_imm(left, top, part_width, part_height)
            }
        };
        picture.resize_exact(self.width, self.height, FilterType::Triangle)
    }
}

/// The picture upright, as its EXIF orientation says; of an animation, the first one. The content tells the format, not
/// the file's name.
fn open(bytes: &[u8]) -> Result<DynamicImage, String> {
    if bytes.is_empty() {
        return Err("an empty file".to_owned());
    }
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|error| error.to_string())?;
    if !reader.format().is_some_and(|format| FORMATS.contains(&format)) {
        return Err(unknown(bytes));
    }
    if bytes.starts_with(&[0xff, 0xd8]) && !jpeg_ends(bytes) {
        // The decoder would fill the rest with grey.
        return Err("a truncated JPEG file".to_owned());
    }
    let mut decoder = reader.into_decoder().map_err(|error| error.to_string())?;
    // Looking for it reads a JPEG file's head again.
    let orientation = match bytes.starts_with(&[0xff, 0xd8]) && !has_exif(bytes) {
        true => Orientation::NoTransforms,
        false => decoder.orientation().map_err(|error| error.to_string())?,
    };
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| error.to_string())?;
    picture.apply_orientation(orientation);
    match picture.width().min(picture.height()) {
        0 => Err("a picture without a pixel".to_owned()),
        _ => Ok(picture),
    }
}

/// Whether a JPEG file may have EXIF data, which lie at its beginning.
fn has_exif(bytes: &[u8]) -> bool {
    bytes[..bytes.len().min(1 << 17)].windows(4).any(|part| part == b"Exif")
}

/// What content is that is no picture, or none that is decoded.
fn unknown(bytes: &[u8]) -> String {
    let brand = bytes.get(4..12).unwrap_or_default();
    let is = match brand {
        b"ftypavif" | b"ftypavis" => "an AVIF picture",
        b"ftypheic" | b"ftypheix" | b"ftypmif1" => "an HEIC picture",
        _ if bytes.trim_ascii_start().starts_with(b"<") => "an HTML or SVG page",
        _ if bytes.starts_with(b"version https://git-lfs") => "a pointer of Git LFS, whose file was not fetched",
        _ => return "none of PNG, JPEG, WebP, TIFF, BMP and GIF".to_owned(),
    };
    format!("{is}, not PNG, JPEG, WebP, TIFF, BMP or GIF")
}

/// Whether a JPEG file has an end after its first scan.
fn jpeg_ends(bytes: &[u8]) -> bool {
    let mut at = 2;
    // Segments up to the start of the scan; a thumbnail in one of them has an end of its own.
    while let Some(&[0xff, marker, high, low]) = bytes.get(at..at + 4).and_then(|head| head.first_chunk::<4>()) {
        match marker {
            0xff => at += 1,
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
        if marker == 0xda {
            return bytes.get(at..).is_some_and(|scan| scan.windows(2).any(|pair| pair == [0xff, 0xd9]));
        }
    }
    // Not laid out as expected: the decoder says what is wrong.
    true
}

fn on_white(picture: &DynamicImage) -> DynamicImage {
    let picture = picture.to_rgba8();
    let opaque = RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0.map(u32::from);
        Rgb([red, green, blue].map(|colour| ((colour * alpha + 255 * (255 - alpha) + 127) / 255) as u8))
    });
    opaque.into()
}

#[cfg(test)]
mod tests {
    use image::{Rgba, RgbaImage};

    use super::*;

    fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        picture.into().write_to(&mut file, format).unwrap();
        file.into_inner()
    }

    fn decoded(settings: ImageSettings, bytes: &[u8]) -> Result<Vec<u8>, Undecoded> {
        let decoder = Decoder::for_first(settings, bytes)?;
        let mut out = vec![0; decoder.shape().len()];
        decoder.decode(bytes, &mut out).map(|()| out)
    }

    #[test]
    fn transparent_pixels_are_white() {
        let colours = [[9, 9, 9, 0], [255, 0, 0, 255], [0, 0, 0, 128]];
        let picture = RgbaImage::from_fn(3, 1, |x, _| Rgba(colours[x as usize]));
        let bytes = encoded(picture, ImageFormat::Png);
        assert_eq!(decoded(ImageSettings::default(), &bytes).unwrap(), [255, 255, 127, 255, 0, 127, 255, 0, 127]);
    }

    #[test]
    fn pictures_are_stretched_or_cropped_to_the_size() {
        // Black, white, white, black.
        let picture = RgbImage::from_fn(8, 2, |x, _| Rgb([if (2..6).contains(&x) { 255 } else { 0 }; 3]));
        let bytes = encoded(picture, ImageFormat::Png);
        let settings = ImageSettings { size: Some((1, 2)), grey: true, ..ImageSettings::default() };
        let stretched = decoded(settings, &bytes).unwrap();
        assert_eq!(stretched.len(), 2);
        assert!(stretched.iter().all(|&grey| (100..160).contains(&grey)), "{stretched:?}");
        assert_eq!(decoded(ImageSettings { crop: true, ..settings }, &bytes).unwrap(), [255, 255]);
        let high = RgbImage::from_fn(2, 8, |_, y| Rgb([if (3..5).contains(&y) { 255 } else { 0 }; 3]));
        let high = encoded(high, ImageFormat::Png);
        let cropped = decoded(ImageSettings { size: Some((1, 1)), crop: true, ..settings }, &high).unwrap();
        assert_eq!(cropped, [255]);
    }

    #[test]
    fn what_cannot_be_decoded_says_why() {
        let picture = RgbImage::from_fn(40, 40, |x, y| Rgb([(x * y) as u8, x as u8, y as u8]));
        let jpeg = encoded(picture.clone(), ImageFormat::Jpeg);
        let png = encoded(picture, ImageFormat::Png);
        for (bytes, reason) in [
            (&jpeg[..jpeg.len() - 2], "truncated JPEG"),
            (&jpeg[..300], "Jpeg"),
            (&png[..png.len() / 2], ""),
            (b"", "empty"),
            (b"<html>", "HTML"),
            (b"\0\0\0\x20ftypavif....", "AVIF"),
            (b"hello", "none of PNG"),
        ] {
            let error = decoded(ImageSettings::default(), bytes).unwrap_err();
            assert!(matches!(&error, Undecoded::Unreadable(found) if found.contains(reason)), "{error:?} {reason}");
        }
        let small = encoded(RgbImage::new(4, 4), ImageFormat::Png);
        let decoder = Decoder::for_first(ImageSettings::default(), &small).unwrap();
        assert_eq!(decoder.decode(&png, &mut [0; 48]).unwrap_err(), Undecoded::OtherSize(40, 40));
        // Bytes after the end are no damage: phones append to their files.
        assert!(decoded(ImageSettings::default(), &[&jpeg[..], b"more"].concat()).is_ok());
    }

    #[test]
    fn damaged_files_are_errors_and_no_panics() {
        let picture = RgbImage::from_fn(9, 7, |x, y| Rgb([(20 * x) as u8, (30 * y) as u8, 7]));
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::WebP] {
            let whole = encoded(picture.clone(), format);
            for at in 0..whole.len() {
                let mut bytes = whole.clone();
                bytes[at] ^= 0x55;
                let _ = decoded(ImageSettings { size: Some((3, 3)), ..ImageSettings::default() }, &bytes);
            }
        }
    }
}
